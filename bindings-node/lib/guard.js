'use strict';

const { OutgoingMessage, ServerResponse } = require('node:http');

const { CREDENTIALS, EXPOSE, ORIGIN } = require('./headers.js');
const { mergeList } = require('./list.js');

// The policy wins: what an application, a library or a proxy below sets on its response cannot
// widen the policy in force, nor double its headers, nor lose its `Vary`.
//
// A response's own four methods that write headers are replaced. Where that costs least depends on
// the response: see `guard`.

/** Node's own. */
const core = {
  appendHeader: OutgoingMessage.prototype.appendHeader,
  getHeaderNames: OutgoingMessage.prototype.getHeaderNames,
  removeHeader: OutgoingMessage.prototype.removeHeader,
  setHeader: OutgoingMessage.prototype.setHeader,
  writeHead: ServerResponse.prototype.writeHead,
};

/**
 * The policy in force for a request hangs on its array of raw headers: a place that is the
 * request's own, on which a property costs 8 ns. On Express's request and response, which have each
 * a hidden class of their own, it would cost 2 µs, and in a WeakMap 0.4 µs.
 */
const inForce = Symbol('crossgate');
const elsewhere = new WeakMap();

function setInForce(request, policy) {
  const { rawHeaders } = request;
  if (rawHeaders === undefined) elsewhere.set(request, policy);
  else rawHeaders[inForce] = policy;
}

/** What the application said of the origin, where it was asked. */
const given = Symbol('crossgate given');

function setGiven(request, allowed) {
  (request.rawHeaders ?? request)[given] = allowed;
}

function givenOf(request) {
  return (request.rawHeaders ?? request)[given];
}

function policyInForce(request) {
  const { rawHeaders } = request;
  return rawHeaders === undefined ? elsewhere.get(request) : rawHeaders[inForce];
}

/** Methods that keep to the policy in force, and leave the rest to `own`. */
function guarded(own) {
  return {
    setHeader(name, value) {
      const header = ours(name);
      const policy = header && this.req && policyInForce(this.req);
      if (!policy) return own.setHeader.call(this, name, value);
      if (header === 'vary') return own.setHeader.call(this, name, mergeList(value, policy.vary));
      if (header === EXPOSE) {
        const exposed = this.hasHeader(ORIGIN) ? policy.expose : undefined;
        return own.setHeader.call(this, name, mergeList(value, exposed));
      }
      return this;
    },

    appendHeader(name, value) {
      const header = ours(name);
      if (!header || !this.req || !policyInForce(this.req)) {
        return own.appendHeader.call(this, name, value);
      }
      return this.setHeader(name, mergeList(this.getHeader(name), mergeList(value)));
    },

    removeHeader(name) {
      const header = ours(name);
      const policy = header && this.req && policyInForce(this.req);
      if (!policy) return own.removeHeader.call(this, name);
      if (header === ORIGIN || header === CREDENTIALS) return undefined;
      own.removeHeader.call(this, name);
      const kept = header === 'vary' ? policy.vary : this.hasHeader(ORIGIN) && policy.expose;
      if (kept) own.setHeader.call(this, name, kept);
      return undefined;
    },

    writeHead(status, reason, headers) {
      const given = typeof reason === 'string' ? headers : reason ?? headers;
      // Node itself sets an object's headers by `setHeader`, one by one.
      const known = own.writeHead === core.writeHead && !Array.isArray(given);
      if (!given || known || !this.req || !policyInForce(this.req)) {
        return own.writeHead.call(this, status, reason, headers);
      }
      // HTTP/2 sets them past these methods, and of an array Node drops repeated names.
      const seen = new Set();
      for (const [name, value] of pairs(given)) {
        const lower = name.toLowerCase();
        if (seen.has(lower)) this.appendHeader(name, value);
        else this.setHeader(name, value);
        seen.add(lower);
      }
      return own.writeHead.call(this, status, typeof reason === 'string' ? reason : undefined);
    },
  };
}

/** The lower-case name of a header that a policy writes. */
function ours(name) {
  switch (name?.length) {
    case 4:
    case 27:
    case 29:
    case 32: {
      const lower = String(name).toLowerCase();
      if (lower === 'vary' || lower === ORIGIN || lower === EXPOSE || lower === CREDENTIALS) {
        return lower;
      }
    }
  }
  return undefined;
}

/** What `writeHead` takes: an object, pairs in one array, or an array of pairs. */
function pairs(headers) {
  if (!Array.isArray(headers)) return Object.entries(headers);
  if (Array.isArray(headers[0])) return headers;
  return Array.from({ length: headers.length >> 1 }, (_, nth) => headers.slice(2 * nth, 2 * nth + 2));
}

const plain = ServerResponse.prototype;
const { setHeader, writeHead } = core;
const {
  appendHeader: guardedAppendHeader,
  removeHeader: guardedRemoveHeader,
  setHeader: guardedSetHeader,
  writeHead: guardedWriteHead,
} = guarded(core);
const isGuarded = Symbol('crossgate guarded');

/**
 * Guards a response; says whether its methods are Node's own but for the guard, and nobody has put a
 * policy in force yet. On Node's own responses four properties cost next to nothing. On Express's
 * they would cost 12 µs, so there the application's prototype of all responses is guarded, once; it
 * is made to be extended. Others have their methods wrapped. Test doubles are left alone, for they
 * are asked what was called.
 */
function guard(request, response) {
  const prototype = Object.getPrototypeOf(response);
  if (prototype === plain) {
    if (response.setHeader === setHeader && response.writeHead === writeHead) {
      response.setHeader = guardedSetHeader;
      response.appendHeader = guardedAppendHeader;
      response.removeHeader = guardedRemoveHeader;
      response.writeHead = guardedWriteHead;
      return request.rawHeaders !== undefined;
    }
    if (response.setHeader === guardedSetHeader) return false;
  } else if (prototype !== null && prototype[isGuarded] === true) {
    const { rawHeaders } = request;
    return rawHeaders !== undefined && rawHeaders[inForce] === undefined;
  }
  guardOther(response, prototype);
  return false;
}

function guardOther(response, prototype) {
  const real = response instanceof OutgoingMessage || typeof response.createPushResponse === 'function';
  if (!real || response[isGuarded]) return;
  const target = expressPrototype(prototype) ?? response;
  const { setHeader, appendHeader, removeHeader, writeHead } = target;
  const own = guarded({ setHeader, appendHeader, removeHeader, writeHead });
  for (const [name, value] of [...Object.entries(own), [isGuarded, true]]) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  }
}

/** The prototype of all responses of an Express application and of those mounted in it. */
function expressPrototype(prototype) {
  let { app } = prototype;
  if (typeof app !== 'function' || app.response !== prototype) return undefined;
  while (app.parent?.response) app = app.parent;
  return app.response;
}

module.exports = {
  core,
  givenOf,
  guard,
  inForce,
  policyInForce,
  setGiven,
  setInForce,
};
