'use strict';

const native = require('../native.js');

/**
 * The anchored form of an expression that is not anchored at both ends, `undefined` of one that is:
 * `/example\.com$/` admits `https://evilexample.com`.
 */
function anchoredForm({ source, flags }) {
  const branches = split(source);
  if (branches.every((branch) => branch.startsWith('^') && endsWithDollar(branch))) return undefined;
  const anchored = branches.map((branch) => {
    const start = branch.startsWith('^') ? '' : '^https:\\/\\/(?:[^/]+\\.)?';
    const body = start === '' ? branch : branch.replace(/^\\\./, '');
    return start + body + (endsWithDollar(branch) ? '' : '(?::\\d+)?$');
  });
  return `/${anchored.join('|')}/${flags}`;
}

/**
 * The expression for the core's engine, which takes time in proportion to the origin's length
 * whatever the expression is; `undefined` if it is not known to mean the same there.
 */
function toCore({ source, flags }) {
  if (/[^dgimsy]/.test(flags) || !means(source)) return undefined;
  const expression = flags.includes('i') ? `(?i:${source})` : `(?:${source})`;
  const config = { ...JSON.parse(native.presets()).DEFAULT, allow_origin_regex: expression };
  return native.compile(JSON.stringify(config), false).problems === undefined
    ? expression
    : undefined;
}

/**
 * Whether a source that both engines parse means the same to both. They disagree on escapes of
 * letters and digits (`\A`, `\x{41}`), on `\<` and `\>`, and on operators within classes (`[a&&b]`).
 */
function means(source) {
  if (/\\(?:[^dDwWsSbBnrtfv\W]|[<>])/.test(source)) return false;
  const classes = source.match(/(?<!\\)(?:\\\\)*\[(?:\\.|[^\]\\])*\]/gs) ?? [];
  return classes.every((set) => !/\[.*\[|&&|--|~~/s.test(set));
}

/** The alternatives at the top level. */
function split(source) {
  const branches = [''];
  let depth = 0;
  let set = false;
  for (const [piece] of source.matchAll(/\\.|./gs)) {
    if (set) set = piece !== ']';
    else if (piece === '[') set = true;
    else if (piece === '(') depth += 1;
    else if (piece === ')') depth -= 1;
    if (piece === '|' && depth === 0 && !set) branches.push('');
    else branches[branches.length - 1] += piece;
  }
  return branches;
}

function endsWithDollar(branch) {
  return /(?<!\\)(?:\\\\)*\$$/.test(branch);
}

module.exports = { anchoredForm, toCore };
