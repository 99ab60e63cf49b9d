'use strict';

const { channel } = require('node:diagnostics_channel');

const { UNDECIDABLE } = require('./compiled.js');
const { givenOf, policyInForce } = require('./guard.js');
const { askedOf, pathOf, text } = require('./request.js');
const { ALLOWED, NOT_CORS, OUTCOME, PREFLIGHT, RULE } = require('./verdict.js');

/** The decisions of all middleware in the process, for whoever subscribes. */
const decisions = channel('crossgate:decision');

/** A decision as it is logged. Made on demand: it costs more than deciding. */
function describe(request, policy, verdict, leg = legOf(request)) {
  const refused = (verdict & RULE) !== 0;
  const { rule, message } = refused ? policy.answer(verdict, ...askedOf(request)) : NOTHING;
  return event(request, leg, word(verdict), rule, message);
}

/** The same of a request that was stopped because an origin function failed. */
function describeError(request, error, leg = legOf(request)) {
  return { ...event(request, leg, 'refused', 'origin-not-allowed', UNDECIDABLE), error };
}

/** The decision on a request that a middleware has seen, or `undefined`. */
function decisionOf(request) {
  const policy = policyInForce(request);
  if (policy === undefined) return undefined;
  const verdict = policy.verdict(...askedOf(request), givenOf(request));
  return decision(verdict, legOf(request), policy.answer(verdict, ...askedOf(request)));
}

/** What a policy says to a request. */
function decision(verdict, leg, { headers, rule, ...answer }) {
  const { origin, status, vary, value, message, contentType, body } = answer;
  return {
    verdict: word(verdict),
    leg,
    reason: rule,
    value,
    message,
    origin,
    status,
    headers: Object.fromEntries(headers),
    vary,
    contentType,
    body,
  };
}

function legOf({ headers, method }) {
  return isPreflight(method, headers.origin, headers['access-control-request-method'])
    ? 'preflight'
    : 'actual';
}

/** https://fetch.spec.whatwg.org/#cors-preflight-request */
function isPreflight(method, origin, requestedMethod) {
  return method === 'OPTIONS' && origin !== undefined && requestedMethod !== undefined;
}

/** Tells whoever wants to know. Their own faults decide no request. */
function report({ onDecision }, event) {
  decisions.publish(event);
  try {
    onDecision?.(event);
  } catch (error) {
    process.emitWarning(error);
  }
}

function event(request, leg, verdict, reason, message) {
  return {
    time: Date.now(),
    leg,
    verdict,
    reason,
    message,
    method: request.method,
    path: pathOf(request),
    origin: text(request.headers.origin) ?? null,
    // Express has an `ip`: what a proxy says of it, where the application trusts the proxy.
    client: request.ip ?? request.socket?.remoteAddress ?? null,
  };
}

function word(verdict) {
  const outcome = verdict & OUTCOME;
  if ((verdict & RULE) !== 0) return 'refused';
  if (outcome === NOT_CORS) return 'not-cors';
  return outcome === ALLOWED || outcome === PREFLIGHT ? 'allowed' : 'refused';
}

const NOTHING = { rule: null, message: null };

module.exports = {
  decision,
  decisionOf,
  decisions,
  describe,
  describeError,
  isPreflight,
  report,
};
