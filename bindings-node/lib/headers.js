'use strict';

/** The headers of a response that grant something. */
module.exports = {
  CREDENTIALS: 'access-control-allow-credentials',
  EXPOSE: 'access-control-expose-headers',
  ORIGIN: 'access-control-allow-origin',
};
