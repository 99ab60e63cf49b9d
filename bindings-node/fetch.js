'use strict';

const { compile } = require('./lib/cors.js');
const { respond } = require('./lib/fetch.js');

/**
 * A handler that decides before another of the same kind, `(Request, …) → Response`, and has the
 * policy win over what that one answers.
 */
function wrap(handler, options) {
  const { policy, settings } = compile(options, 'EXPRESS');
  return async (request, ...rest) =>
    respond(policy, settings, request, async () => handler(request, ...rest));
}

module.exports = { wrap };
