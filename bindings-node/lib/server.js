'use strict';

const { cors } = require('./cors.js');

/**
 * A handler for `http.createServer` that decides before the application runs: preflights never
 * reach the framework, and what it answers before its own middleware has the headers all the same.
 */
function wrap(application, options) {
  const middleware = toMiddleware(options);
  return (request, response) => {
    middleware(request, response, (error) => {
      if (error === undefined) application(request, response);
      else stop(response);
    });
  };
}

/** Does the same to a server that exists, for all listeners, those to come too. */
function attach(server, options) {
  const middleware = toMiddleware(options);
  const { emit } = server;
  server.emit = function (event, ...rest) {
    if (!REQUESTS.has(event)) return emit.call(this, event, ...rest);
    const [request, response] = rest;
    middleware(request, response, (error) => {
      if (error === undefined) emit.call(this, event, ...rest);
      else stop(response);
    });
    return true;
  };
  return server;
}

/** Options or middleware; a function of two parameters gives options for a request. */
function toMiddleware(options) {
  return typeof options === 'function' && options.length === 3 ? options : cors(options);
}

/** An error of an origin function that was to be passed on, but there is nobody to pass it to. */
function stop(response) {
  response.statusCode = 500;
  response.end();
}

/** A request that wants an answer to its `Expect` first is a request no less. */
const REQUESTS = new Set(['request', 'checkContinue', 'checkExpectation']);

module.exports = { attach, wrap };
