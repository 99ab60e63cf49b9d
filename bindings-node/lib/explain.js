'use strict';

const { rename } = require('./problems.js');

/** A page's request as the core reads it. */
function pageJson({ origin, url, method = 'GET', headers = {}, credentials = false }, given) {
  const entries = headers[Symbol.iterator] ? [...headers] : Object.entries(headers);
  return JSON.stringify({
    origin: String(origin),
    url: String(url),
    method: String(method),
    headers: entries.map((field) => field.map(String)),
    credentials: Boolean(credentials),
    given,
  });
}

/** The core's explanation, with its options as they are spelled here. */
function explained(json) {
  const { fix, traps, text, ...explanation } = JSON.parse(json);
  return {
    ...explanation,
    fix: fix === null ? null : rename(fix),
    traps: traps.map(rename),
    text: text.replace(/^(?:fix|mind): .*$/gm, rename),
  };
}

module.exports = { explained, pageJson };
