'use strict';

const { channel } = require('node:diagnostics_channel');

const { pathOf, hostOf, text } = require('./request.js');
const { ALLOWED, NOT_CORS, OUTCOME, PREFLIGHT, RULE, VARY_PREFLIGHT } = require('./verdict.js');

/** Every decision, of all middleware in the process, for whoever listens. */
const decisions = channel('crossgate:decision');

/** A decision as it is logged. Made on demand only: it costs more than the decision. */
function describe(request, policy, verdict, error) {
  const { headers, method, socket } = request;
  const origin = text(headers.origin);
  const requested = [
    text(headers['access-control-request-method']),
    text(headers['access-control-request-headers']),
  ];
  const { rule, message } =
    (verdict & RULE) === 0
      ? { rule: null, message: null }
      : policy.answer(verdict, origin, hostOf(request), method, ...requested);
  const preflight = method === 'OPTIONS' && origin !== undefined && requested[0] !== undefined;
  return {
    time: new Date().toISOString(),
    origin: origin ?? null,
    method,
    path: pathOf(request),
    client: socket?.remoteAddress ?? null,
    verdict: word(verdict),
    leg: preflight ? 'preflight' : 'actual',
    reason: rule,
    message,
    ...(error === undefined ? undefined : { error }),
  };
}

function word(verdict) {
  if (verdict & RULE) return 'refused';
  const outcome = verdict & OUTCOME;
  if (outcome === NOT_CORS) return 'not-cors';
  return outcome === ALLOWED || outcome === PREFLIGHT ? 'allowed' : 'refused';
}

module.exports = { decisions, describe };
