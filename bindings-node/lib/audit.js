'use strict';

const { channel } = require('node:diagnostics_channel');

const { UNDECIDED_MESSAGE } = require('./compiled.js');
const { givenOf, policyInForce } = require('./guard.js');
const { hostOf, pathOf, text } = require('./request.js');
const { ALLOWED, NOT_CORS, OUTCOME, PREFLIGHT, RULE } = require('./verdict.js');

/** The decisions of all middleware in the process, for whoever subscribes. */
const decisions = channel('crossgate:decision');

/** A decision as it is logged. Made on demand: it costs more than deciding. */
function describe(request, policy, verdict) {
  const { rule, message } = (verdict & RULE) === 0 ? NOTHING : answerTo(request, policy, verdict);
  return event(request, word(verdict), rule, message);
}

/** A request that was stopped because its origin could not be decided. */
function describeError(request, error) {
  return { ...event(request, 'refused', 'origin-undecided', UNDECIDED_MESSAGE), error };
}

/** The decision on a request that a middleware has seen, or `undefined`. */
function decisionOf(request) {
  const policy = policyInForce(request);
  if (policy === undefined) return undefined;
  const verdict = policy.verdict(...asked(request), givenOf(request));
  const { time: _, ...decision } = describe(request, policy, verdict);
  return decision;
}

/** Everything that a verdict says of a request. */
function answerTo(request, policy, verdict) {
  return policy.answer(verdict, ...asked(request));
}

function asked(request) {
  const { headers, method } = request;
  return [
    text(headers.origin),
    hostOf(request),
    method,
    text(headers['access-control-request-method']),
    text(headers['access-control-request-headers']),
  ];
}

function event(request, verdict, reason, message) {
  const [origin, , method, requestedMethod] = asked(request);
  const preflight = method === 'OPTIONS' && origin !== undefined && requestedMethod !== undefined;
  return {
    time: new Date().toISOString(),
    origin: origin ?? null,
    method,
    path: pathOf(request),
    client: request.socket?.remoteAddress ?? null,
    verdict,
    leg: preflight ? 'preflight' : 'actual',
    reason,
    message,
  };
}

function word(verdict) {
  const outcome = verdict & OUTCOME;
  if ((verdict & RULE) !== 0) return 'refused';
  if (outcome === NOT_CORS) return 'not-cors';
  return outcome === ALLOWED || outcome === PREFLIGHT ? 'allowed' : 'refused';
}

const NOTHING = { rule: null, message: null };

module.exports = { answerTo, decisionOf, decisions, describe, describeError };
