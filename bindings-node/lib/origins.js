'use strict';

/**
 * Origins that the application decides: by an expression that the core's engine does not speak, or
 * by a function. `answer(error, allowed)` is called at once when the answer is there at once.
 */
function decideOrigin(engine, origin, request, answer) {
  const { cache, decide, expressions } = engine;
  const matched = expressions.some((expression) => matches(expression, origin));
  if (matched || decide === undefined) {
    answer(undefined, matched);
    return;
  }
  const kept = cache?.get(origin);
  if (kept !== undefined) {
    answer(undefined, kept);
    return;
  }
  ask(decide, (callback) => decide(origin, callback, request), (error, value) => {
    let allowed = false;
    try {
      if (error === undefined) allowed = engine.reads(value, origin);
    } catch (invalid) {
      answer(invalid, false);
      return;
    }
    if (error === undefined) cache?.set(origin, allowed);
    answer(error, allowed);
  });
}

/**
 * Calls a function in npm cors's way, with a callback, and takes as well a value or a promise for
 * its answer. The first one counts.
 * @param decide the function
 * @param call calls it with the callback that it is given
 */
function ask(decide, call, answer) {
  let answered = false;
  const settle = (error, value) => {
    if (answered) return;
    answered = true;
    answer(error, value);
  };
  // Whether one that returns nothing has thereby said no, or will call back.
  const isAnswer = (value) => value !== undefined || decide.length === 1;
  const fail = (error) => settle(error || new Error('the function failed without an error'));
  let value;
  try {
    value = call((error, value) => settle(error || undefined, value));
    if (typeof value?.then === 'function') {
      value.then((resolved) => isAnswer(resolved) && settle(undefined, resolved), fail);
      return;
    }
  } catch (error) {
    fail(error);
    return;
  }
  if (isAnswer(value)) settle(undefined, value);
}

function matches(expression, origin) {
  // With the flag g or y an expression remembers where it stopped.
  expression.lastIndex = 0;
  return expression.test(origin);
}

/** The last answers of a function, for a time that its author states. */
class OriginCache {
  constructor(seconds) {
    this.milliseconds = seconds * 1000;
    this.answers = new Map();
  }

  get(origin) {
    const kept = this.answers.get(origin);
    if (kept === undefined || kept.until <= performance.now()) return undefined;
    return kept.allowed;
  }

  set(origin, allowed) {
    this.answers.delete(origin);
    // Anyone can send a new origin with every request.
    if (this.answers.size >= KEPT) this.answers.delete(this.answers.keys().next().value);
    this.answers.set(origin, { allowed, until: performance.now() + this.milliseconds });
  }

  forget(origin) {
    if (origin === undefined) this.answers.clear();
    else this.answers.delete(origin);
  }
}

const KEPT = 1000;

module.exports = { OriginCache, ask, decideOrigin, matches };
