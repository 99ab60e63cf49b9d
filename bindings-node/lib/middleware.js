'use strict';

const { answerPreflight, answerRefusal, passOn, share } = require('./answer.js');
const { answerTo, decisions, describe, describeError } = require('./audit.js');
const { setGiven } = require('./guard.js');
const { ask, decideOrigin } = require('./origins.js');
const { hostOf, pathOf, text } = require('./request.js');
const { NOT_CORS, OUTCOME, PREFLIGHT, REFUSED, UNDECIDED, VARY_PREFLIGHT } = require('./verdict.js');

/** Decides a request, and either answers it or puts the policy in force and calls `next`. */
function handle(engine, settings, request, response, next) {
  const policy = engine.at === undefined ? engine.strict : engine.at(pathOf(request));
  const { headers, method } = request;
  let { origin } = headers;
  if (origin === undefined) {
    handleWithoutOrigin(engine, policy, settings, request, response, next);
    return;
  }
  if (typeof origin !== 'string') origin = text(origin);
  if (method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
    handlePreflight(engine, policy, settings, origin, request, response, next);
    return;
  }
  let host = policy.byHost ? hostOf(request) : headers.host;
  let verdict = policy.actual(origin, host, method);
  if ((verdict & OUTCOME) === NOT_CORS && !policy.byHost) {
    // The server's own origin, by a Host that may have been repeated.
    host = hostOf(request);
    verdict = policy.actual(origin, host, method);
  }
  if ((verdict & OUTCOME) === UNDECIDED) {
    decide(engine, policy, settings, [origin, host, method], request, response, next);
    return;
  }
  act(policy, settings, verdict, undefined, origin, request, response, next);
}

function handleWithoutOrigin(engine, policy, settings, request, response, next) {
  const verdict = policy.byHost ? policy.withoutOrigin(hostOf(request)) : policy.quiet;
  if (engine.decide === undefined) {
    act(policy, settings, verdict, undefined, undefined, request, response, next);
    return;
  }
  const call = (callback) => engine.decide(undefined, callback, request);
  // Its word on the origin does not matter, but it may stop the request by an error.
  ask(engine.decide, call, (error) => {
    if (error === undefined) act(policy, settings, verdict, undefined, undefined, request, response, next);
    else fail(policy, settings, error, request, response, next);
  });
}

function handlePreflight(engine, policy, settings, origin, request, response, next) {
  const { headers } = request;
  const host = hostOf(request);
  const method = text(headers['access-control-request-method']);
  const requested = text(headers['access-control-request-headers']);
  const { verdict, block } = policy.preflight(origin, host, method, requested);
  if ((verdict & OUTCOME) === UNDECIDED) {
    const asked = [origin, host, 'OPTIONS', method, requested];
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
    passOn(request, response, policy, answerTo(request, policy, verdict));
    next();
  } else if (outcome === PREFLIGHT) {
    answerPreflight(request, response, policy, block);
  } else {
    answerRefusal(request, response, policy, answerTo(request, policy, verdict));
  }
}

/** An origin function failed. That never allows anything, and is told to nobody but the audit. */
function fail(policy, settings, error, request, response, next) {
  if (settings.onDecision !== undefined || decisions.hasSubscribers) {
    report(settings, describeError(request, error));
  }
  if (settings.nextOnError) next(error);
  else answerRefusal(request, response, policy, policy.undecided(request.method));
}

/** Tells the audit. Its own faults decide no request. */
function report({ onDecision }, event) {
  decisions.publish(event);
  try {
    onDecision?.(event);
  } catch (error) {
    process.emitWarning(error);
  }
}

module.exports = { fail, handle };
