'use strict';

const { ALLOWED, EVERY_HEADER, NOT_CORS, OUTCOME, PREFLIGHT, REQUESTED, RULE } = require('./verdict.js');

/** One policy of the core, with what it answers most often at hand. */
class Compiled {
  /**
   * @param functions what the core has bound to the policy
   * @param byMethod whether the method of an actual request counts
   */
  constructor({ verdict, answer }, byMethod) {
    this.verdict = verdict;
    this.ask = answer;
    this.byMethod = byMethod;
    /** The verdict on a request without `Origin`, where the Host does not count. */
    this.quiet = verdict();
    this.byHost = (this.quiet & OUTCOME) !== NOT_CORS;

    const { headers } = this.answer(EVERY_HEADER, 'null', undefined, 'GET');
    const values = Object.fromEntries(headers);
    /** `*` when that is the answer to everybody; else it is the origin of the request. */
    this.everyone = values['access-control-allow-origin'] === '*' ? '*' : undefined;
    this.expose = values['access-control-expose-headers'];

    // The last allowed answers. Comparing a header with a known string costs a tenth of hashing it
    // or of asking the core. Refusals are not kept: many of them cannot push the others out.
    this.actuals = new Array(KEPT).fill({ origin: '', host: '', method: '', verdict: 0 });
    this.nextActual = 0;
    const preflight = { origin: '', method: '', headers: '', verdict: 0, block: undefined };
    this.preflights = new Array(KEPT).fill(preflight);
    this.nextPreflight = 0;
    this.templates = new Map();
  }

  /** The verdict on a request with `Origin` that is no preflight. */
  actual(origin, host, method) {
    for (let nth = 0; nth < KEPT; nth += 1) {
      const kept = this.actuals[nth];
      if (
        kept.origin === origin &&
        (!this.byHost || kept.host === host) &&
        (!this.byMethod || kept.method === method)
      ) {
        return kept.verdict;
      }
    }
    const verdict = this.byMethod ? this.verdict(origin, host, method) : this.verdict(origin, host);
    if ((verdict & OUTCOME) === ALLOWED) {
      this.actuals[this.nextActual] = { origin, host, method, verdict };
      this.nextActual = (this.nextActual + 1) % KEPT;
    }
    return verdict;
  }

  /** The verdict on a preflight, and the headers of an answer of 2xx. */
  preflight(origin, host, method, headers) {
    for (let nth = 0; nth < KEPT; nth += 1) {
      const kept = this.preflights[nth];
      if (kept.origin === origin && kept.method === method && kept.headers === headers) return kept;
    }
    const verdict = this.verdict(origin, host, 'OPTIONS', method, headers);
    const block = this.block(verdict, origin, method, headers);
    const answered = { origin, method, headers, verdict, block };
    if (block !== undefined && (verdict & RULE) === 0) {
      this.preflights[this.nextPreflight] = answered;
      this.nextPreflight = (this.nextPreflight + 1) % KEPT;
    }
    return answered;
  }

  /** The headers of the answer to a preflight, `vary` among them; of 2xx only. */
  block(verdict, origin, method, headers) {
    if ((verdict & OUTCOME) !== PREFLIGHT) return undefined;
    if (verdict & REQUESTED) return this.headers(verdict, origin, method, headers);
    let template = this.templates.get(verdict);
    if (template === undefined) {
      template = this.headers(verdict, origin, method, headers);
      this.templates.set(verdict, template);
    }
    return { ...template, 'access-control-allow-origin': this.everyone ?? origin };
  }

  headers(verdict, origin, method, headers) {
    const answer = this.answer(verdict, origin, undefined, 'OPTIONS', method, headers);
    return { vary: answer.vary, ...Object.fromEntries(answer.headers) };
  }

  /** Everything that a verdict says. */
  answer(verdict, origin, host, method, requestedMethod, requestedHeaders) {
    return JSON.parse(
      this.ask(verdict, origin, host, method, requestedMethod, requestedHeaders),
    );
  }
}

const KEPT = 4;

module.exports = { Compiled };
