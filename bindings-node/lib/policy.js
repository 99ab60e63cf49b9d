'use strict';

const native = require('../native.js');
const { Compiled } = require('./compiled.js');
const { read } = require('./config.js');
const { ConfigError, ordered, translate } = require('./problems.js');
const { UNDECIDED, OUTCOME } = require('./verdict.js');

/** What middleware needs of a policy. Not for others. */
const engine = Symbol('engine');

/** What a server allows other origins, ready to decide requests. Immutable. */
class Policy {
  /** @param {object} options @param {string} preset what options not stated are */
  constructor(options = {}, preset = 'DEFAULT') {
    const { config, mcp, problems, decide, expressions } = read(options, preset);
    const compiled = native.compile(JSON.stringify(config), mcp);
    if (compiled.problems !== undefined) problems.push(...translate(compiled.problems));
    if (problems.length > 0) throw new ConfigError(ordered(problems));
    const byMethod = config.denied === 'reject';
    const policies = compiled.policies.map((functions) => new Compiled(functions, byMethod));
    this[engine] = {
      strict: policies[0],
      at: policies.length === 1 ? undefined : (path) => policies[compiled.at(path)],
      decide,
      expressions,
    };
    /** What is useless or redundant in the options. */
    this.notes = Object.freeze(translate(compiled.notes));
  }

  /** The options of an MCP server. */
  static mcp(options) {
    return new Policy(options, 'MCP');
  }

  /**
   * Decides a request. An `origin` function is not called: `given` stands for its word.
   */
  decide(request, given) {
    const { method = 'GET', path = '/', host, origin } = request;
    const requested = [request.accessControlRequestMethod, request.accessControlRequestHeaders];
    const { strict, at } = this[engine];
    const policy = at === undefined ? strict : at(path);
    let verdict = policy.verdict(origin, host, method, ...requested);
    if ((verdict & OUTCOME) === UNDECIDED) {
      const allowed = given ?? this[engine].expressions.some((one) => matches(one, origin));
      verdict = policy.verdict(origin, host, method, ...requested, allowed);
    }
    return decision(policy.answer(verdict, origin, host, method, ...requested));
  }
}

function matches(expression, origin) {
  // An expression with the flag g or y remembers where it stopped.
  expression.lastIndex = 0;
  return expression.test(origin);
}

function decision({ status, headers, vary, rule, value, message, contentType, body }) {
  return {
    decision: status === null ? 'continue' : 'respond',
    status: status ?? undefined,
    headers: Object.fromEntries(headers),
    vary: vary ?? undefined,
    denial: rule === null ? undefined : { rule, value, message },
    contentType: contentType ?? undefined,
    body: body ?? undefined,
  };
}

module.exports = { Policy, engine, matches };
