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

/**
 * Whether an origin can be loopback's, by its end: `localhost`, an address or a port. The core
 * decides; this spares it the Host of most others.
 */
function mayBeLoopback(origin) {
  const last = origin.charCodeAt(origin.length - 1);
  if (last === T) return origin.endsWith('localhost');
  return last === DOT || last === BRACKET || (last >= ZERO && last <= NINE);
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

/** What of a request decides: what the core's functions take. */
function askedOf(request) {
  const { headers, method } = request;
  return [
    text(headers.origin),
    hostOf(request),
    method,
    text(headers['access-control-request-method']),
    text(headers['access-control-request-headers']),
  ];
}

const T = 't'.charCodeAt(0);
const DOT = '.'.charCodeAt(0);
const BRACKET = ']'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
const NINE = '9'.charCodeAt(0);

module.exports = { askedOf, hostOf, mayBeLoopback, pathOf, text };
