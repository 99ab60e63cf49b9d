'use strict';

const { channel } = require('node:diagnostics_channel');

const { UNDECIDED } = require('./answer.js');
const { givenOf, policyInForce } = require('./guard.js');
const { askedOf, pathOf, text } = require('./request.js');
const { ALLOWED, NOT_CORS, OUTCOME, PREFLIGHT, RULE } = require('./verdict.js');

/** The decisions of all middleware in the process, for whoever subscribes. */
const decisions = channel('crossgate:decision');

/** A decision as it is logged. Made on demand: it costs more than deciding. */
function describe(request, policy, verdict) {
  const { rule, message } = (verdict & RULE) === 0 ? NOTHING : policy.answer(verdict, ...askedOf(request));
  return event(request, word(verdict), rule, message);
}

/** The same of a request that was stopped because an origin function failed. */
function describeError(request, error) {
  return { ...event(request, 'refused', 'origin-not-allowed', UNDECIDED), error };
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

function event(request, verdict, reason, message) {
  return {
    time: Date.now(),
    leg: legOf(request),
    verdict,
    reason,
    message,
    method: request.method,
    path: pathOf(request),
    origin: text(request.headers.origin) ?? null,
    client: request.socket?.remoteAddress ?? null,
  };
}

function word(verdict) {
  const outcome = verdict & OUTCOME;
  if ((verdict & RULE) !== 0) return 'refused';
  if (outcome === NOT_CORS) return 'not-cors';
  return outcome === ALLOWED || outcome === PREFLIGHT ? 'allowed' : 'refused';
}

const NOTHING = { rule: null, message: null };

module.exports = { decision, decisionOf, decisions, describe, describeError, isPreflight };
