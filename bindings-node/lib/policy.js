'use strict';

const native = require('../native.js');
const { decision, isPreflight } = require('./audit.js');
const { Compiled } = require('./compiled.js');
const { MCP, readOptions } = require('./config.js');
const { explained, pageJson } = require('./explain.js');
const { OriginCache, matches } = require('./origins.js');
const { ConfigError, ordered, translate } = require('./problems.js');
const { OUTCOME, UNDECIDED } = require('./verdict.js');

/** What middleware needs of a policy. Not for others. */
const engineOf = Symbol('crossgate engine');

/** What a server allows other origins, ready to decide requests. Immutable. */
class Policy {
  /**
   * @param {object} options
   * @param {string} preset the preset that the options build on
   */
  constructor(options = {}, preset = 'DEFAULT') {
    const { config, mcp, problems, decide, expressions, originCacheSeconds } = readOptions(options, preset);
    const compiled = native.compile(JSON.stringify(config), mcp);
    if (compiled.problems !== undefined) problems.push(...translate(compiled.problems));
    if (problems.length > 0) throw new ConfigError(ordered(problems));

    const rejects = config.denied === 'reject';
    const policies = compiled.policies.map((functions) => new Compiled(functions, rejects));
    const cache = originCacheSeconds > 0 ? new OriginCache(originCacheSeconds) : undefined;
    const reads = originReader(options);
    this[engineOf] = {
      strict: policies[0],
      at: policies.length === 1 ? undefined : (path) => policies[compiled.at(path)],
      explain: compiled.explain,
      decide,
      expressions,
      cache,
      reads,
    };
    this.preset = preset;
    /** What is useless or redundant in the options. */
    this.notes = Object.freeze(translate(compiled.notes));
    Object.freeze(this);
  }

  /** The policy of an MCP endpoint: the preset's options and those given; header lists add up. */
  static mcp(options) {
    return new Policy(options, MCP);
  }

  /**
   * Decides a request without answering it. An `origin` function is not called: `given` is its
   * word.
   */
  decide(request, given) {
    const { method = 'GET', path = '/', host, origin } = request;
    const requestedMethod = request.accessControlRequestMethod;
    const asked = [origin, host, method, requestedMethod, request.accessControlRequestHeaders];
    const { at, expressions, strict } = this[engineOf];
    const policy = at === undefined ? strict : at(path);
    let verdict = policy.verdict(...asked);
    if ((verdict & OUTCOME) === UNDECIDED) {
      const allowed = given ?? expressions.some((expression) => matches(expression, origin));
      verdict = policy.verdict(...asked, allowed);
    }
    const leg = isPreflight(method, origin, requestedMethod) ? 'preflight' : 'actual';
    return decision(verdict, leg, policy.answer(verdict, ...asked));
  }

  /**
   * Plays a page's request through, preflight and all, and says what stands in its way. An `origin`
   * function is not called: `given` is its word.
   */
  explain(page, given) {
    const { explain, expressions } = this[engineOf];
    const allowed = given ?? expressions.some((expression) => matches(expression, page.origin));
    return explained(explain(pageJson(page, allowed)));
  }

  /** Forgets what an `origin` function said of an origin, or of all. */
  forget(origin) {
    this[engineOf].cache?.forget(origin);
  }
}

/** A policy that can be replaced while it is in use: given in its place. */
class PolicyHandle {
  #policy;

  /** @param {Policy | object} policy a policy, or options for one */
  constructor(policy, preset = 'DEFAULT') {
    this.#policy = policy instanceof Policy ? policy : new Policy(policy, preset);
  }

  /** The policy in force. */
  get policy() {
    return this.#policy;
  }

  /** Puts another policy in force. Invalid options throw, and nothing changes. */
  replace(policy) {
    this.#policy = policy instanceof Policy ? policy : new Policy(policy, this.#policy.preset);
  }

  /** As of the policy in force. */
  forget(origin) {
    this.#policy.forget(origin);
  }

  get [engineOf]() {
    return this.#policy[engineOf];
  }
}

/**
 * Reads what an `origin` function says as an `origin` option: a boolean, or origins of which the
 * one in question may be one.
 */
function originReader(options) {
  const { credentials, dangerouslyAllowAnyOriginWithCredentials } = options;
  const policies = new Map();
  return (value, origin) => {
    if (typeof value === 'boolean' || !value) return value === true;
    if (value === origin) return true;
    const key = [value].flat(Infinity).map(String).join(' ');
    let policy = policies.get(key);
    if (policy === undefined) {
      policy = new Policy({ origin: value, credentials, dangerouslyAllowAnyOriginWithCredentials });
      if (policies.size >= KEPT) policies.clear();
      policies.set(key, policy);
    }
    const { headers } = policy.decide({ origin });
    return 'access-control-allow-origin' in headers;
  };
}

const KEPT = 100;

module.exports = { Policy, PolicyHandle, engineOf };
