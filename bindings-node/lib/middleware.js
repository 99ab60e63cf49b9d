'use strict';

const { answerPreflight, answerRefusal, answerUndecided, passOn, share } = require('./answer.js');
const { decisions, describe, describeError, report } = require('./audit.js');
const { setGiven } = require('./guard.js');
const { ask, decideOrigin } = require('./origins.js');
const { hostOf, pathOf, text } = require('./request.js');
const { OUTCOME, PREFLIGHT, REFUSED, UNDECIDED, VARY_PREFLIGHT } = require('./verdict.js');

/** Decides a request, and either answers it or puts the policy in force and calls `next`. */
function handle(engine, settings, request, response, next) {
  const policy = engine.at === undefined ? engine.strict : engine.at(pathOf(request));
  const { origin } = request.headers;
  if (origin !== undefined) {
    handleCors(engine, policy, settings, origin, request, response, next);
    return;
  }
  const verdict = policy.byHost ? policy.withoutOrigin(hostOf(request)) : policy.quiet;
  if (engine.decide !== undefined) {
    askWithoutOrigin(engine, policy, settings, verdict, request, response, next);
  } else if (isQuiet(settings, verdict)) {
    share(request, response, policy, verdict, undefined);
    next();
  } else {
    act(policy, settings, verdict, undefined, undefined, request, response, next);
  }
}

function handleCors(engine, policy, settings, origin, request, response, next) {
  const { headers, method } = request;
  if (typeof origin !== 'string') origin = text(origin);
  if (method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
    handlePreflight(engine, policy, settings, origin, request, response, next);
    return;
  }
  const verdict = policy.actual(origin, method, request);
  if (isQuiet(settings, verdict)) {
    share(request, response, policy, verdict, origin);
    next();
  } else if ((verdict & OUTCOME) === UNDECIDED) {
    decide(engine, policy, settings, [origin, hostOf(request), method], request, response, next);
  } else {
    act(policy, settings, verdict, undefined, origin, request, response, next);
  }
}

/** Whether the application goes on and nobody wants to know. */
function isQuiet({ onDecision }, verdict) {
  return (verdict & OUTCOME) <= REFUSED && onDecision === undefined && !decisions.hasSubscribers;
}

/** Calls an origin function where there is none: it may stop the request by an error, no more. */
function askWithoutOrigin(engine, policy, settings, verdict, request, response, next) {
  const call = (callback) => engine.decide(undefined, callback, request);
  ask(engine.decide, call, (error) => {
    if (error === undefined) act(policy, settings, verdict, undefined, undefined, request, response, next);
    else fail(policy, settings, error, request, response, next);
  });
}

function handlePreflight(engine, policy, settings, origin, request, response, next) {
  const { headers } = request;
  const method = text(headers['access-control-request-method']);
  const requested = text(headers['access-control-request-headers']);
  const { verdict, block } = policy.preflight(origin, method, requested, request);
  if ((verdict & OUTCOME) === UNDECIDED) {
    const asked = [origin, hostOf(request), 'OPTIONS', method, requested];
    decide(engine, policy, settings, asked, request, response, next);
    return;
  }
  act(policy, settings, verdict, block, origin, request, response, next);
}

/** Has the application decide the origin. */
function decide(engine, policy, settings, asked, request, response, next) {
  const [origin, host, method, requestedMethod, requestedHeaders] = asked;
  decideOrigin(engine, origin, request, (error, allowed) => {
    // Somebody else may have answered while the function thought.
    if (response.headersSent) return;
    if (error !== undefined) {
      fail(policy, settings, error, request, response, next);
      return;
    }
    const verdict = policy.verdict(origin, host, method, requestedMethod, requestedHeaders, allowed);
    const block = policy.block(verdict, origin, requestedMethod, requestedHeaders);
    setGiven(request, allowed);
    act(policy, settings, verdict, block, origin, request, response, next);
  });
}

/** Carries a verdict out. */
function act(policy, settings, verdict, block, origin, request, response, next) {
  if (settings.onDecision !== undefined || decisions.hasSubscribers) {
    report(settings, describe(request, policy, verdict));
  }
  const outcome = verdict & OUTCOME;
  if (outcome <= REFUSED) {
    share(request, response, policy, verdict, origin);
    next();
    return;
  }
  const preflight = (verdict & VARY_PREFLIGHT) !== 0;
  if (preflight && settings.preflightContinue && !policy.rejects) {
    passOn(request, response, policy, verdict);
    next();
  } else if (outcome === PREFLIGHT) {
    answerPreflight(request, response, policy, block);
  } else {
    answerRefusal(request, response, policy, verdict);
  }
}

/** An origin function failed. That never allows anything, and is told to nobody but the audit. */
function fail(policy, settings, error, request, response, next) {
  if (settings.onDecision !== undefined || decisions.hasSubscribers) {
    report(settings, describeError(request, error));
  }
  if (settings.nextOnError) next(error);
  else answerUndecided(request, response, policy);
}

module.exports = { fail, handle };
