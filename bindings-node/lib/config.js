'use strict';

const { OPTIONS } = require('../options.js');
const native = require('../native.js');
const { anchoredForm, toCore } = require('./expression.js');
const { problem } = require('./problems.js');

/** The preset of that name, to whose header lists the options add. */
const MCP = Symbol('mcp');

const PRESETS = JSON.parse(native.presets());
const KNOWN = new Set([
  ...OPTIONS.flatMap(({ name, alias = name }) => [name, alias]),
  'originCacheSeconds',
]);

/**
 * Options as the core takes them, and what of `origin` stays here: a function, and expressions that
 * the core's engine does not speak. Nothing is judged but types: that is the core's part.
 */
function readOptions(options, preset) {
  const problems = [];
  const mcp = preset === MCP;
  const config = { ...PRESETS[mcp ? 'MCP' : preset] };
  // The core adds these to the preset's.
  if (mcp) Object.assign(config, { allow_headers: [], expose_headers: [] });

  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) {
      problems.push(problem(name, 'invalid', 'option', name, nearest(name)));
    }
  }
  for (const { core, name, alias, read, none } of OPTIONS) {
    const value = options[name] ?? options[alias];
    if (none && options[name] === null) config[core] = null;
    if (read === undefined || value === undefined || value === null) continue;
    const known = read(value);
    if (known === undefined) {
      const [subject, fix] = read.expected;
      problems.push(problem(name, 'invalid', subject, show(value), fix));
    } else {
      config[core] = known;
    }
  }
  const { originCacheSeconds } = options;
  if (originCacheSeconds !== undefined && !(originCacheSeconds >= 0)) {
    const fix = 'expected 0 or more; without it nothing is cached';
    problems.push(problem('originCacheSeconds', 'invalid', 'number of seconds', show(originCacheSeconds), fix));
  }
  const read = { config, mcp, problems, originCacheSeconds, decide: undefined, expressions: [] };
  if (!('origin' in options)) return read;

  const { strings, expressions, decide } = readOrigins(options.origin, problems);
  const sources = expressions.map(toCore);
  const spoken = sources.filter((source) => source !== undefined);
  const foreign = expressions.filter((_, nth) => sources[nth] === undefined);
  config.allow_origins = strings;
  config.allow_origin_regex = spoken.length === 0 ? null : spoken.join('|');
  config.origins_by_host = decide !== undefined || foreign.length > 0;
  return { ...read, decide, expressions: foreign };
}

/** npm cors's `origin`: a boolean, a string, an expression, lists of them, or a function. */
function readOrigins(value, problems) {
  const origins = { strings: [], expressions: [], decide: undefined };
  for (const element of [value].flat(Infinity)) {
    if (element === true) origins.strings.push('*');
    else if (typeof element === 'function' && origins.decide === undefined) origins.decide = element;
    else if (typeof element === 'string') origins.strings.push(element);
    else if (element instanceof RegExp) {
      const anchored = anchoredForm(element);
      if (anchored === undefined) origins.expressions.push(element);
      else problems.push(problem('origin', 'prohibited', 'expression', element, `it matches other sites' origins too: anchor it at both ends, as in \`${anchored}\``));
    } else if (element === undefined || element === null) {
      const fix = 'state the origins; `*` for any, false for none';
      problems.push(problem('origin', 'missing', 'origin', '', fix));
    } else if (element !== false) {
      const fix = 'expected a string, a RegExp, true, false, one function, or a list of them';
      problems.push(problem('origin', 'invalid', 'origin', show(element), fix));
    }
  }
  return origins;
}

/** The option that was probably meant: the one that has the longest beginning or end in common. */
function nearest(name) {
  const alike = (known) => {
    const [a, b] = [known.toLowerCase(), name.toLowerCase()];
    let [start, end] = [0, 0];
    while (start < a.length && a[start] === b[start]) start += 1;
    while (end < a.length && a.at(-1 - end) === b.at(-1 - end)) end += 1;
    return Math.min(start + end, a.length);
  };
  const [best] = [...KNOWN].sort((a, b) => alike(b) - alike(a));
  return alike(best) < 5 ? 'there is none of this name' : `do you mean \`${best}\``;
}

function show(value) {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

module.exports = { MCP, PRESETS, readOptions };
