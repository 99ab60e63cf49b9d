'use strict';

const { decisions, describe, describeError, report } = require('./audit.js');
const { mergeList } = require('./list.js');
const { ask, decideOrigin } = require('./origins.js');
const { engineOf } = require('./policy.js');
const { askedOf } = require('./request.js');
const { OUTCOME, REFUSED, UNDECIDED, VARY_PREFLIGHT } = require('./verdict.js');

const ORIGIN = 'access-control-allow-origin';
const CREDENTIALS = 'access-control-allow-credentials';
const EXPOSE = 'access-control-expose-headers';

/** Responses on which an inner policy is in force. */
const decided = new WeakSet();

async function respond(policyOrHandle, settings, request, next) {
  const engine = policyOrHandle[engineOf];
  const incoming = view(request);
  const policy = engine.at === undefined ? engine.strict : engine.at(incoming.url);
  const heard = settings.onDecision !== undefined || decisions.hasSubscribers;
  let verdict;
  try {
    verdict = await settle(engine, policy, incoming, request);
  } catch (error) {
    if (heard) report(settings, describeError(incoming, error));
    if (settings.nextOnError) throw error;
    const { status, contentType, body } = policy.undecided;
    return refusal(status, { vary: 'Origin' }, contentType, request.method === 'HEAD' ? null : body);
  }
  if (heard) report(settings, describe(incoming, policy, verdict));
  const answer = policy.answer(verdict, ...askedOf(incoming));
  const headers = Object.fromEntries(answer.headers);
  const passesOn = settings.preflightContinue && !policy.rejects && (verdict & VARY_PREFLIGHT) !== 0;
  if ((verdict & OUTCOME) <= REFUSED || passesOn) {
    return enforce(await next(), headers, answer.vary);
  }
  if (answer.vary !== null) headers.vary = answer.vary;
  return refusal(answer.status, headers, answer.contentType, answer.body);
}

/** What Node's requests have, of one of Fetch's. */
function view(request) {
  const { pathname, host } = new URL(request.url);
  const header = (name) => request.headers.get(name) ?? undefined;
  return {
    method: request.method,
    url: pathname,
    headers: {
      origin: header('origin'),
      host: header('host') ?? host,
      'access-control-request-method': header('access-control-request-method'),
      'access-control-request-headers': header('access-control-request-headers'),
    },
  };
}

async function settle(engine, policy, incoming, request) {
  const asked = askedOf(incoming);
  const [origin] = asked;
  const verdict = policy.verdict(...asked);
  const promise = (start) =>
    new Promise((resolve, reject) => {
      start((error, value) => (error === undefined ? resolve(value) : reject(error)));
    });
  if ((verdict & OUTCOME) === UNDECIDED) {
    const allowed = await promise((done) => decideOrigin(engine, origin, request, done));
    return policy.verdict(...asked, allowed);
  }
  if (origin === undefined && engine.decide !== undefined) {
    const call = (callback) => engine.decide(undefined, callback, request);
    await promise((done) => ask(engine.decide, call, done));
  }
  return verdict;
}

/** The handler's response with the policy's headers. */
function enforce(response, headers, vary) {
  // An inner policy is the one that counts. A network error has no headers.
  if (decided.has(response) || response.type === 'error') return response;
  const enforced = mutable(response);
  const exposed = enforced.headers.get(EXPOSE);
  for (const name of [ORIGIN, CREDENTIALS]) enforced.headers.delete(name);
  for (const [name, value] of Object.entries(headers)) {
    const present = name === EXPOSE ? exposed : null;
    enforced.headers.set(name, present === null ? value : mergeList(value, present));
  }
  if (vary !== null) {
    enforced.headers.set('vary', mergeList(enforced.headers.get('vary') ?? undefined, vary));
  }
  decided.add(enforced);
  return enforced;
}

/** The same response where its headers can be changed; those that `fetch` gives cannot. */
function mutable(response) {
  try {
    response.headers.delete(ORIGIN);
    return response;
  } catch {
    return new Response(response.body, response);
  }
}

function refusal(status, headers, contentType, body) {
  const told =
    body === null ? headers : { ...headers, 'content-type': contentType, 'x-content-type-options': 'nosniff' };
  const response = new Response(body, { status, headers: told });
  decided.add(response);
  return response;
}

module.exports = { respond };
