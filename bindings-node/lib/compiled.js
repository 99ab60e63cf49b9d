'use strict';

const { hostOf, mayBeLoopback } = require('./request.js');
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
  UNDECIDED,
  varyOf,
} = require('./verdict.js');

/** One policy of the core, with what it answers most often at hand. */
class Compiled {
  /**
   * @param functions those that the core has bound to the policy
   * @param rejects whether refused requests stop before the application
   */
  constructor({ verdict, body, answer }, rejects) {
    this.verdict = verdict;
    /** What a refusal says. */
    this.body = body;
    this.ask = answer;
    this.rejects = rejects;
    /** The verdict on a request without `Origin`, where the Host does not count. */
    this.quiet = verdict();
    this.byHost = (this.quiet & OUTCOME) !== NOT_CORS;
    this.preflightStatus = this.answer(PREFLIGHT).status;
    const { contentType } = this.answer(REJECTED | ORIGIN_NULL, 'null');
    this.contentType = contentType;
    /** The answer where an origin function failed: that it did, and not why. */
    this.undecided = { status: 403, contentType, body: worded(UNDECIDABLE, contentType) };

    const values = Object.fromEntries(this.answer(EVERY_HEADER, 'null').headers);
    /** `*` when that is the answer to everybody; else it is the origin of the request. */
    this.everyone = values['access-control-allow-origin'] === '*' ? '*' : undefined;
    /** What is in the `Vary` of every answer that the application gives. */
    this.vary = varyOf(verdict(undefined, 'localhost', 'GET'));
    this.expose = values['access-control-expose-headers'] || undefined;

    // The last answers. Comparing a header with a known string costs a tenth of hashing it or of
    // asking the core. Refusals have a ring of their own: many of them push no allowed one out.
    const none = { origin: NOBODY, host: NOBODY, method: 'GET' };
    this.allowed = new Ring({ ...none, verdict: verdict(NOBODY, NOBODY, 'GET') });
    this.refused = new Ring({ ...none, verdict: verdict(NOBODY, undefined, 'GET') });
    this.hosts = new Ring({ ...none, verdict: verdict(undefined, NOBODY, 'GET') });
    const preflight = { ...none, headers: undefined, block: undefined };
    this.preflights = new Ring({ ...preflight, verdict: verdict(NOBODY, NOBODY, 'OPTIONS', 'GET') });
    this.templates = new Map();
  }

  /** The verdict on a request with `Origin` that is no preflight. */
  actual(origin, method, request) {
    if (this.byHost) return this.actualByHost(origin, method, hostOf(request));
    const { entries } = this.allowed;
    for (let nth = 0; nth < KEPT; nth += 1) {
      const known = entries[nth];
      if (known.origin === origin && (!this.rejects || known.method === method)) {
        return known.verdict;
      }
    }
    return this.foreign(origin, method, request);
  }

  foreign(origin, method, request) {
    // Where no names are stated, the Host tells the server's own pages, and loopback's alone.
    const host = mayBeLoopback(origin) ? hostOf(request) : undefined;
    const { entries } = this.refused;
    for (let nth = 0; host === undefined && nth < KEPT; nth += 1) {
      const known = entries[nth];
      if (known.origin === origin && (!this.rejects || known.method === method)) {
        return known.verdict;
      }
    }
    const verdict = this.rejects ? this.verdict(origin, host, method) : this.verdict(origin, host);
    const outcome = verdict & OUTCOME;
    if (outcome === ALLOWED) this.allowed.add({ origin, host, method, verdict });
    else if (host === undefined && outcome !== UNDECIDED) {
      this.refused.add({ origin, host, method, verdict });
    }
    return verdict;
  }

  actualByHost(origin, method, host) {
    const { entries } = this.allowed;
    for (let nth = 0; nth < KEPT; nth += 1) {
      const known = entries[nth];
      if (known.origin === origin && known.host === host && known.method === method) {
        return known.verdict;
      }
    }
    const verdict = this.verdict(origin, host, method);
    if ((verdict & OUTCOME) === ALLOWED) this.allowed.add({ origin, host, method, verdict });
    return verdict;
  }

  /** The verdict on a request without `Origin`, where the Host counts. */
  withoutOrigin(host) {
    const { entries } = this.hosts;
    for (let nth = 0; nth < KEPT; nth += 1) {
      if (entries[nth].host === host) return entries[nth].verdict;
    }
    const verdict = this.verdict(undefined, host);
    if ((verdict & OUTCOME) === NOT_CORS) this.hosts.add({ origin: undefined, host, method: 'GET', verdict });
    return verdict;
  }

  /** The verdict on a preflight, and the headers of an answer of 2xx. */
  preflight(origin, method, headers, request) {
    const { entries } = this.preflights;
    for (let nth = 0; nth < KEPT; nth += 1) {
      const known = entries[nth];
      if (known.origin === origin && known.method === method && known.headers === headers) {
        return known;
      }
    }
    const verdict = this.verdict(origin, hostOf(request), 'OPTIONS', method, headers);
    const block = this.block(verdict, origin, method, headers);
    const answered = { origin, method, headers, verdict, block };
    if (block !== undefined && (verdict & RULE) === 0) this.preflights.add(answered);
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
}

function worded(message, contentType) {
  const error = { jsonrpc: '2.0', error: { code: -32000, message } };
  return contentType === 'application/json' ? JSON.stringify(error) : `${message}\n`;
}

/** A few entries, the oldest of which gives way. Full from the start, of true ones. */
class Ring {
  constructor(entry) {
    this.entries = new Array(KEPT).fill(entry);
    this.oldest = 0;
  }

  add(entry) {
    this.entries[this.oldest] = entry;
    this.oldest = (this.oldest + 1) % KEPT;
  }
}

const KEPT = 4;
const UNDECIDABLE = 'the origin could not be decided';
/** What no header says. */
const NOBODY = '\0';
module.exports = { Compiled, UNDECIDABLE };
