'use strict';

const { MCP } = require('./config.js');
const { Delegated } = require('./delegate.js');
const { fail, handle } = require('./middleware.js');
const { ask } = require('./origins.js');
const { Policy, PolicyHandle, engineOf } = require('./policy.js');
const { ConfigError, problem } = require('./problems.js');

/**
 * npm cors's function: middleware for Express, connect and `node:http`.
 * @param options npm cors's and ours; or a policy; or a function that gives options for a request
 * @param settings beside a function: what is no option of a policy
 */
function cors(options, settings) {
  return middleware(options, settings, 'EXPRESS');
}

/** The same for an MCP endpoint: what is not stated is the preset's, and header lists add to it. */
function mcp(options, settings) {
  return middleware(options, settings, MCP);
}

function middleware(options, settings, preset) {
  if (typeof options === 'function') return byRequest(options, settings, preset);
  const { policy, settings: own } = compile(options, preset);
  const engine = policy[engineOf];
  const crossgate =
    policy instanceof PolicyHandle
      ? (request, response, next) => handle(policy[engineOf], own, request, response, next)
      : (request, response, next) => handle(engine, own, request, response, next);
  return Object.assign(crossgate, { policy });
}

/** Middleware whose options a function gives for each request. */
function byRequest(delegate, settings, preset) {
  const own = readSettings(settings ?? {}, []);
  const compiled = new Delegated((options) => compile(options, preset));
  const nothing = new Policy()[engineOf];
  return function crossgate(request, response, next) {
    ask(delegate, (callback) => delegate(request, callback), (error, options) => {
      if (response.headersSent) return;
      let given;
      try {
        if (error === undefined) given = compiled.of(options ?? DEFAULTS);
      } catch (invalid) {
        error = invalid;
      }
      if (error === undefined) {
        handle(given.policy[engineOf], { ...given.settings, ...own }, request, response, next);
      } else {
        fail(nothing.strict, own, error, request, response, next);
      }
    });
  };
}

/** Tells the options of a policy from those of the middleware. */
function compile(options, preset) {
  if (options instanceof Policy || options instanceof PolicyHandle) {
    return { policy: options, settings: readSettings({}, []) };
  }
  const { onDecision, preflightContinue, nextOnError, policy, ...rest } = options ?? {};
  const problems = [];
  if (policy !== undefined) {
    for (const name of Object.keys(rest)) {
      problems.push(problem(name, 'prohibited', 'option', name, 'state it in the policy'));
    }
  }
  const settings = readSettings({ onDecision, preflightContinue, nextOnError }, problems);
  return { policy: policy ?? new Policy(rest, preset), settings };
}

function readSettings({ onDecision, preflightContinue = false, nextOnError = false }, problems) {
  if (onDecision !== undefined && typeof onDecision !== 'function') {
    problems.push(problem('onDecision', 'invalid', 'value', onDecision, 'expected a function'));
  }
  for (const [name, value] of Object.entries({ preflightContinue, nextOnError })) {
    if (typeof value !== 'boolean') {
      problems.push(problem(name, 'invalid', 'value', value, 'expected true or false'));
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { onDecision, preflightContinue, nextOnError };
}

const DEFAULTS = {};

module.exports = { compile, cors, mcp };
