'use strict';

const { decisions, describe } = require('./audit.js');
const { matches, engine } = require('./policy.js');
const { hostOf, pathOf } = require('./request.js');
const { mergeVary } = require('./vary.js');
const {
  ALLOW_CREDENTIALS,
  ALLOW_ORIGIN,
  EXPOSE_HEADERS,
  OUTCOME,
  REFUSED,
  UNDECIDED,
  VARY_ORIGIN,
} = require('./verdict.js');

function createMiddleware(policy, { onDecision, preflightContinue = false }) {
  return function crossgate(request, response, next) {
    const { strict, at, expressions } = policy[engine];
    const chosen = at === undefined ? strict : at(pathOf(request));
    const { headers, method } = request;
    const { origin } = headers;
    const host = hostOf(request);
    let verdict;
    let block;
    const requestedMethod = headers['access-control-request-method'];
    const requestedHeaders = headers['access-control-request-headers'];
    const preflight = method === 'OPTIONS' && origin !== undefined && requestedMethod !== undefined;
    if (preflight) ({ verdict, block } = chosen.preflight(origin, host, requestedMethod, requestedHeaders));
    else if (origin === undefined) verdict = chosen.byHost ? chosen.verdict(undefined, host) : chosen.quiet;
    else verdict = chosen.actual(origin, host, method);
    if ((verdict & OUTCOME) === UNDECIDED) {
      const allowed = expressions.some((one) => matches(one, origin));
      verdict = chosen.verdict(origin, host, method, requestedMethod, requestedHeaders, allowed);
      block = chosen.block(verdict, origin, requestedMethod, requestedHeaders);
    }
    if (onDecision !== undefined || decisions.hasSubscribers) {
      const event = describe(request, chosen, verdict);
      decisions.publish(event);
      onDecision?.(event);
    }
    if ((verdict & OUTCOME) <= REFUSED) {
      share(response, chosen, verdict, origin);
      next();
      return;
    }
    const answer = block === undefined
      ? chosen.answer(verdict, origin, host, method, requestedMethod, requestedHeaders)
      : { status: 204, headers: Object.entries(block).filter(([name]) => name !== 'vary'), vary: block.vary };
    for (const [name, value] of answer.headers) response.setHeader(name, value);
    if (answer.vary) response.setHeader('vary', mergeVary(response.getHeader('vary'), answer.vary));
    if (preflightContinue && preflight) return next();
    response.statusCode = answer.status;
    if (answer.body) {
      response.setHeader('content-type', answer.contentType);
      response.setHeader('x-content-type-options', 'nosniff');
    }
    response.end(answer.body ?? undefined);
  };
}

function share(response, policy, verdict, origin) {
  if (verdict & VARY_ORIGIN) response.setHeader('vary', mergeVary(response.getHeader('vary'), 'Origin'));
  if (verdict & ALLOW_ORIGIN) response.setHeader('access-control-allow-origin', policy.everyone ?? origin);
  if (verdict & ALLOW_CREDENTIALS) response.setHeader('access-control-allow-credentials', 'true');
  if (verdict & EXPOSE_HEADERS) response.setHeader('access-control-expose-headers', policy.expose);
}

module.exports = { createMiddleware };
