'use strict';

const { createMiddleware } = require('./lib/middleware.js');
const { Policy } = require('./lib/policy.js');
const { ConfigError } = require('./lib/problems.js');

/** npm cors's middleware. */
function cors(options = {}) {
  return middleware(options, 'EXPRESS');
}

/** Middleware for an MCP endpoint. */
cors.mcp = function mcp(options = {}) {
  return middleware(options, 'MCP');
};

function middleware({ onDecision, preflightContinue, ...options }, preset) {
  return createMiddleware(new Policy(options, preset), { onDecision, preflightContinue });
}

module.exports = Object.assign(cors, { ConfigError, Policy });
