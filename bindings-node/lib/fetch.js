'use strict';

const { decisions, describe, describeError, isPreflight, report } = require('./audit.js');
const { CREDENTIALS, EXPOSE, ORIGIN } = require('./headers.js');
const { mergeList } = require('./list.js');
const { ask, decideOrigin } = require('./origins.js');
const { engineOf } = require('./policy.js');
const { askedOf } = require('./request.js');
const {
  ALLOW_CREDENTIALS,
  ALLOW_ORIGIN,
  OUTCOME,
  PREFLIGHT,
  REFUSED,
  UNDECIDED,
  VARY_PREFLIGHT,
  varyOf,
} = require('./verdict.js');

/** Responses on which an inner policy is in force. */
const decided = new WeakSet();

/** What Node's requests have, of one of Fetch's; read as far as it is asked for. */
class Incoming {
  #headers;

  constructor(request) {
    this.request = request;
    this.method = request.method;
    this.origin = request.headers.get('origin') ?? undefined;
  }

  get url() {
    return new URL(this.request.url).pathname;
  }

  get headers() {
    const header = (name) => this.request.headers.get(name) ?? undefined;
    this.#headers ??= {
      origin: this.origin,
      host: header('host') ?? new URL(this.request.url).host,
      'access-control-request-method': header('access-control-request-method'),
      'access-control-request-headers': header('access-control-request-headers'),
    };
    return this.#headers;
  }
}

/** Answers a request, or has `next` answer it and the policy win over that. */
async function respond(engine, settings, request, next) {
  const incoming = new Incoming(request);
  const policy = engine.at === undefined ? engine.strict : engine.at(incoming.url);
  const heard = settings.onDecision !== undefined || decisions.hasSubscribers;
  let decision;
  try {
    decision = decide(engine, policy, incoming);
    if (typeof decision.then === 'function') decision = await decision;
  } catch (error) {
    if (heard) report(settings, describeError(incoming, error));
    if (settings.nextOnError) throw error;
    return refusal(policy, policy.undecided.status, { vary: 'Origin' }, policy.undecided.body, incoming);
  }
  const { verdict, block } = decision;
  if (heard) report(settings, describe(incoming, policy, verdict));
  const preflight = (verdict & VARY_PREFLIGHT) !== 0;
  if ((verdict & OUTCOME) <= REFUSED) {
    return enforce(await next(), sharedBy(policy, verdict, incoming.origin), policy.vary);
  }
  if (preflight && settings.preflightContinue && !policy.rejects) {
    const { headers } = policy.answer(verdict, ...askedOf(incoming));
    return enforce(await next(), Object.fromEntries(headers), varyOf(verdict));
  }
  if ((verdict & OUTCOME) === PREFLIGHT) {
    return settled(new Response(null, { status: policy.preflightStatus, headers: block }));
  }
  const { status, headers, body } = policy.answer(verdict, ...askedOf(incoming));
  const vary = varyOf(verdict);
  const told = { ...Object.fromEntries(headers), ...(vary && { vary }) };
  return refusal(policy, status, told, body ?? '', incoming);
}

/** The verdict and, of an answer to a preflight, its headers; a promise if a function takes time. */
function decide(engine, policy, incoming) {
  const { method, origin } = incoming;
  if (origin === undefined) {
    const verdict = policy.byHost ? policy.withoutOrigin(incoming.headers.host) : policy.quiet;
    if (engine.decide === undefined) return { verdict };
    const call = (callback) => engine.decide(undefined, callback, incoming.request);
    return asked((done) => ask(engine.decide, call, done), () => ({ verdict }));
  }
  const requested = method === 'OPTIONS' ? incoming.headers['access-control-request-method'] : undefined;
  const names = requested && incoming.headers['access-control-request-headers'];
  const known = isPreflight(method, origin, requested)
    ? policy.preflight(origin, requested, names, incoming)
    : { verdict: policy.actual(origin, method, incoming) };
  if ((known.verdict & OUTCOME) !== UNDECIDED) return known;
  return asked(
    (done) => decideOrigin(engine, origin, incoming.request, done),
    (allowed) => {
      const verdict = policy.verdict(...askedOf(incoming), allowed);
      return { verdict, block: policy.block(verdict, origin, requested, names) };
    },
  );
}

function asked(start, read) {
  return new Promise((resolve, reject) => {
    start((error, value) => (error === undefined ? resolve(read(value)) : reject(error)));
  });
}

function sharedBy(policy, verdict, origin) {
  const headers = {};
  if ((verdict & ALLOW_ORIGIN) === 0) return headers;
  headers[ORIGIN] = policy.everyone ?? origin;
  if (verdict & ALLOW_CREDENTIALS) headers[CREDENTIALS] = 'true';
  if (policy.expose !== undefined) headers[EXPOSE] = policy.expose;
  return headers;
}

/** The handler's response with the policy's headers. */
function enforce(response, shared, vary) {
  // An inner policy is the one that counts. A network error has no headers.
  if (decided.has(response) || response.type === 'error') return response;
  const enforced = mutable(response);
  const { headers } = enforced;
  headers.delete(CREDENTIALS);
  for (const name of Object.keys(shared)) {
    const present = name === EXPOSE ? headers.get(name) : null;
    headers.set(name, present === null ? shared[name] : mergeList(shared[name], present));
  }
  if (vary !== undefined) headers.set('vary', mergeList(headers.get('vary') ?? undefined, vary));
  return settled(enforced);
}

/** The same response where its headers can be changed; those that `fetch` gives cannot. */
function mutable(response) {
  try {
    response.headers.delete(ORIGIN);
    return response;
  } catch {
    const copy = new Response(response.body, response);
    copy.headers.delete(ORIGIN);
    return copy;
  }
}

function refusal({ contentType }, status, headers, body, { method }) {
  if (body === '' || method === 'HEAD') return settled(new Response(null, { status, headers }));
  const told = { ...headers, 'content-type': contentType, 'x-content-type-options': 'nosniff' };
  return settled(new Response(body, { status, headers: told }));
}

function settled(response) {
  decided.add(response);
  return response;
}

module.exports = { respond: (policy, ...rest) => respond(policy[engineOf], ...rest) };
