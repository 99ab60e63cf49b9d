'use strict';

const { OPTIONS, spelling } = require('../options.js');

/** Everything that is wrong with a set of options, one problem a line. */
class ConfigError extends TypeError {
  constructor(problems) {
    super(problems.map(({ text }) => text).join('\n'));
    this.name = 'ConfigError';
    this.code = 'ERR_CROSSGATE_CONFIG';
    this.problems = problems;
  }
}

/** A problem found before the core sees the options, worded as the core words its own. */
function problem(option, reason, subject, value, fix) {
  const shown = reason === 'missing' ? '' : ` \`${excerpt(value)}\``;
  const text = `${option}: ${reason} ${subject}${shown} (${fix})`;
  return { option, value: reason === 'missing' ? '' : String(value), reason, text };
}

/** The core's problems, with its options as they are spelled here. */
function translate(json) {
  return JSON.parse(json).map(({ option, value, reason, text, fix }) => {
    const name = spelling(option);
    // The value stays as its author wrote it: only the fix speaks of other options.
    const told = text.slice(option.length, text.length - fix.length - 1);
    return { option: name, value, reason, text: `${name}${told}${rename(fix)})` };
  });
}

/** In the order of the options, whoever found them. */
function ordered(problems) {
  const rank = ({ option }) => OPTIONS.findIndex(({ name }) => name === option);
  return problems.toSorted((a, b) => rank(a) - rank(b));
}

function rename(fix) {
  return fix.replace(/\b[a-z]+(?:_[a-z]+)+\b/g, (word) => spelling(word));
}

function excerpt(value) {
  const text = String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

module.exports = { ConfigError, ordered, problem, rename, translate };
