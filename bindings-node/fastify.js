'use strict';

const { compile } = require('./lib/cors.js');
const { handle } = require('./lib/middleware.js');
const { engineOf } = require('./lib/policy.js');

/**
 * A Fastify plugin. It decides on Node's own request and response, so that its headers are also on
 * what a route writes past Fastify: a hijacked reply, a stream of events.
 */
function crossgate(fastify, { prefix: _, logLevel: __, logSerializers: ___, ...options }, done) {
  const { policy, settings } = compile(options, 'EXPRESS');
  fastify.addHook('onRequest', (request, reply, next) => {
    handle(policy[engineOf], settings, request.raw, reply.raw, next);
  });
  done();
}

/** Fastify's way of saying that a plugin is for the whole application. */
crossgate[Symbol.for('skip-override')] = true;
crossgate[Symbol.for('fastify.display-name')] = 'crossgate';

module.exports = crossgate;
module.exports.default = crossgate;
