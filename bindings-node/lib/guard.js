'use strict';

const { OutgoingMessage, ServerResponse } = require('node:http');

const { mergeVary } = require('./vary.js');

const ORIGIN = 'access-control-allow-origin';
const CREDENTIALS = 'access-control-allow-credentials';
const EXPOSE = 'access-control-expose-headers';

/** The policy in force for a request, on a place that is the request's own. See `enforce`. */
const inForce = Symbol('crossgate policy');

const core = {
  appendHeader: OutgoingMessage.prototype.appendHeader,
  getHeader: OutgoingMessage.prototype.getHeader,
  removeHeader: OutgoingMessage.prototype.removeHeader,
  setHeader: OutgoingMessage.prototype.setHeader,
  writeHead: ServerResponse.prototype.writeHead,
};

module.exports = { core, inForce, CREDENTIALS, EXPOSE, ORIGIN, mergeVary };
