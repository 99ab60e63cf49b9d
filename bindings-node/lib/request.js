'use strict';

/**
 * The `Host` of a request; of HTTP/2 `:authority`. Node keeps the first of two lines, which others
 * on the way may not: both are given, which makes it malformed.
 * https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
function hostOf({ headers, rawHeaders }) {
  const { host, ':authority': authority } = headers;
  if (authority !== undefined) return authority;
  if (rawHeaders === undefined) return text(host);
  let lines = 0;
  for (let nth = 0; nth < rawHeaders.length; nth += 2) {
    const name = rawHeaders[nth];
    if (name.length === 4 && (name === 'Host' || name === 'host' || name.toLowerCase() === 'host')) lines += 1;
  }
  if (lines < 2) return text(host);
  const hosts = rawHeaders.filter((_, nth) => nth % 2 === 1 && rawHeaders[nth - 1].toLowerCase() === 'host');
  return hosts.join(', ');
}

/** A header of a request; repeated lines as one. */
function text(value) {
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The path of a request as received: not decoded, without the query. */
function pathOf(request) {
  const target = request.originalUrl || request.url || '/';
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

module.exports = { hostOf, pathOf, text };
