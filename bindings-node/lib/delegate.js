'use strict';

const { Policy, engineOf } = require('./policy.js');

/**
 * The policies of a function that gives options for each request, as npm cors takes one. Each set of
 * options is compiled once: by identity, or, when the function makes new objects, by content.
 */
class Delegated {
  constructor(compile) {
    this.compile = compile;
    this.byIdentity = new WeakMap();
    this.byContent = new Map();
  }

  /** What `compile` made of the options. */
  of(options) {
    const known = this.byIdentity.get(options);
    if (known !== undefined) return known;
    const content = contentOf(options);
    let compiled = this.byContent.get(content);
    if (compiled === undefined) {
      compiled = this.compile(options);
      if (content !== undefined) {
        if (this.byContent.size >= KEPT) this.byContent.clear();
        this.byContent.set(content, compiled);
      }
    }
    this.byIdentity.set(options, compiled);
    return compiled;
  }
}

/** The options as text; `undefined` if a function or another object is among them. */
function contentOf(options) {
  let plain = true;
  const text = JSON.stringify(options, (_, value) => {
    if (value instanceof RegExp) return ['RegExp', String(value)];
    if (value === undefined) return ['undefined'];
    if (typeof value === 'function' || value instanceof Policy || value?.[engineOf]) plain = false;
    return value;
  });
  return plain ? text : undefined;
}

const KEPT = 100;

module.exports = { Delegated };
