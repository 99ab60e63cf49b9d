'use strict';

const { decisionOf } = require('./lib/audit.js');
const { cors, mcp } = require('./lib/cors.js');
const { Policy, PolicyHandle } = require('./lib/policy.js');
const { ConfigError } = require('./lib/problems.js');
const { attach, wrap } = require('./lib/server.js');
const { verifyUpgrade } = require('./lib/upgrade.js');

module.exports = Object.assign(cors, {
  ConfigError,
  Policy,
  PolicyHandle,
  attach,
  decisionOf,
  mcp,
  verifyUpgrade,
  wrap,
});
