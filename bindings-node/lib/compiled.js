'use strict';

const {
  ALLOWED,
  EVERY_HEADER,
  NOT_CORS,
  ORIGIN_NULL,
  OUTCOME,
  PREFLIGHT,
  REJECTED,
  REQUESTED,
  RULE,
  VARY_ORIGIN,
} = require('./verdict.js');

/** One policy of the core, with what it answers most often at hand. */
class Compiled {
  /**
   * @param functions those that the core has bound to the policy
   * @param rejects whether refused requests stop before the application
   */
  constructor({ verdict, answer }, rejects) {
    this.verdict = verdict;
    this.ask = answer;
    this.rejects = rejects;
    /** The verdict on a request without `Origin`, where the Host does not count. */
    this.quiet = verdict();
    this.byHost = (this.quiet & OUTCOME) !== NOT_CORS;
    this.preflightStatus = this.answer(PREFLIGHT).status;

    const values = Object.fromEntries(this.answer(EVERY_HEADER, 'null').headers);
    /** `*` when that is the answer to everybody; else it is the origin of the request. */
    this.everyone = values['access-control-allow-origin'] === '*' ? '*' : undefined;
    this.vary = this.everyone === undefined ? 'Origin' : undefined;
    this.expose = values['access-control-expose-headers'] || undefined;

    // The last allowed answers. Comparing a header with a known string costs a tenth of hashing it
    // or of asking the core. Refusals are not kept: many of them cannot push the others out.
    this.actuals = ring({ origin: null, host: null, method: null, verdict: 0 });
    this.nextActual = 0;
    this.preflights = ring({
      origin: null,
      method: null,
      headers: null,
      verdict: 0,
      block: undefined,
    });
    this.nextPreflight = 0;
    this.hosts = ring({ host: null, verdict: 0 });
    this.nextHost = 0;
    this.templates = new Map();
  }

  /** The verdict on a request with `Origin` that is no preflight. */
  actual(origin, host, method) {
    for (let nth = 0; nth < KEPT; nth += 1) {
      const kept = this.actuals[nth];
      if (
        kept.origin === origin &&
        (!this.byHost || kept.host === host) &&
        (!this.rejects || kept.method === method)
      ) {
        return kept.verdict;
      }
    }
    const verdict = this.rejects ? this.verdict(origin, host, method) : this.verdict(origin, host);
    if ((verdict & OUTCOME) === ALLOWED) {
      this.actuals[this.nextActual] = { origin, host, method, verdict };
      this.nextActual = (this.nextActual + 1) % KEPT;
    }
    return verdict;
  }

  /** The verdict on a request without `Origin`, where the Host counts. */
  withoutOrigin(host) {
    for (let nth = 0; nth < KEPT; nth += 1) {
      const kept = this.hosts[nth];
      if (kept.host === host) return kept.verdict;
    }
    const verdict = this.verdict(undefined, host);
    if ((verdict & OUTCOME) === NOT_CORS) {
      this.hosts[this.nextHost] = { host, verdict };
      this.nextHost = (this.nextHost + 1) % KEPT;
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

  /** The headers of an answer of 2xx to a preflight, `vary` among them. */
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
    const block = { vary: answer.vary, ...Object.fromEntries(answer.headers) };
    // Without it Node would announce chunks. A 204 has none:
    // https://www.rfc-editor.org/rfc/rfc9110#section-8.6
    if (this.preflightStatus !== 204) block['content-length'] = '0';
    return block;
  }

  /** Everything that a verdict says. */
  answer(verdict, origin, host, method, requestedMethod, requestedHeaders) {
    return JSON.parse(
      this.ask(verdict, origin, host, method, requestedMethod, requestedHeaders),
    );
  }

  /** The answer where nobody knows the origin, because a function failed: not a word of why. */
  undecided(method) {
    const { contentType } = this.answer(REJECTED | ORIGIN_NULL, 'null');
    const body =
      contentType === 'application/json'
        ? JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message: UNDECIDED_MESSAGE } })
        : `${UNDECIDED_MESSAGE}\n`;
    return {
      status: 403,
      headers: [],
      vary: 'Origin',
      contentType,
      body: method === 'HEAD' ? null : body,
    };
  }
}

function ring(empty) {
  return new Array(KEPT).fill(empty);
}

const KEPT = 4;
const UNDECIDED_MESSAGE = 'the origin could not be decided';

module.exports = { Compiled, UNDECIDED_MESSAGE };
