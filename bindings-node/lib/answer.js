'use strict';

const { CREDENTIALS, EXPOSE, ORIGIN, core, guard, policyInForce, setInForce } = require('./guard.js');
const { mergeList } = require('./list.js');
const { ALLOW_CREDENTIALS, ALLOW_ORIGIN, EXPOSE_HEADERS } = require('./verdict.js');

const { getHeader, removeHeader, setHeader } = core;

/** Puts a policy in force on a response that the application will give. */
function share(request, response, policy, verdict, origin) {
  // Express's responses have each a hidden class of their own, so that reading a method from one
  // costs 0.4 µs: Node's own are called by name wherever the response is known to have them.
  if (!guard(response) || request.rawHeaders === undefined) {
    shareOther(request, response, policy, verdict, origin);
    return;
  }
  // An outer middleware's answer gives way: the innermost policy is the one that counts.
  if (policyInForce(request) !== undefined) clear(response);
  setInForce(request, policy);

  if (policy.vary !== undefined) {
    const vary = getHeader.call(response, 'vary');
    setHeader.call(response, 'vary', vary === undefined ? 'Origin' : mergeList(vary, 'Origin'));
  }
  if (verdict & ALLOW_ORIGIN) {
    setHeader.call(response, ORIGIN, policy.everyone ?? origin);
    if (verdict & ALLOW_CREDENTIALS) setHeader.call(response, CREDENTIALS, 'true');
    else if (getHeader.call(response, CREDENTIALS) !== undefined) removeHeader.call(response, CREDENTIALS);
    if (verdict & EXPOSE_HEADERS) {
      const exposed = getHeader.call(response, EXPOSE);
      setHeader.call(response, EXPOSE, exposed === undefined ? policy.expose : mergeList(policy.expose, exposed));
    }
  } else if (getHeader.call(response, ORIGIN) !== undefined) {
    removeHeader.call(response, ORIGIN);
    removeHeader.call(response, CREDENTIALS);
  }
}

/** The same on responses of other kinds: of HTTP/2, of a subclass, of a test. */
function shareOther(request, response, policy, verdict, origin) {
  const outer = policyInForce(request);
  setInForce(request, undefined);
  const headers = {};
  if (verdict & ALLOW_ORIGIN) headers[ORIGIN] = policy.everyone ?? origin;
  if (verdict & ALLOW_CREDENTIALS) headers[CREDENTIALS] = 'true';
  if (verdict & EXPOSE_HEADERS) headers[EXPOSE] = policy.expose;
  if (outer !== undefined) response.removeHeader?.(EXPOSE);
  write(response, headers, policy.vary);
  setInForce(request, policy);
}

/** Sets the headers of an answer, and removes those of others that would widen it. */
function write(response, headers, vary) {
  for (const name of [ORIGIN, CREDENTIALS]) {
    if (!(name in headers) && response.getHeader?.(name) !== undefined) response.removeHeader(name);
  }
  if (vary !== undefined) {
    response.setHeader('vary', mergeList(response.getHeader?.('vary'), vary));
  }
  for (const [name, value] of Object.entries(headers)) {
    const present = name === EXPOSE ? response.getHeader?.(name) : undefined;
    response.setHeader(name, present === undefined ? value : mergeList(value, present));
  }
}

/** Answers a preflight of an allowed origin. Other answers like it share the block. */
function answerPreflight(request, response, policy, block) {
  const status = policy.preflightStatus;
  setInForce(request, undefined);
  if (typeof response.writeHead === 'function' && isBlank(response)) {
    response.writeHead(status, block);
  } else {
    const { vary, ...headers } = block;
    write(response, headers, vary);
    response.statusCode = status;
  }
  setInForce(request, policy);
  response.end();
}

/** Whether nothing is set that a block would overwrite or leave in force. */
function isBlank(response) {
  return response.getHeader('vary') === undefined && response.getHeader(CREDENTIALS) === undefined;
}

/** Leaves a preflight to the application, with the policy's headers. */
function passOn(request, response, policy, { headers, vary }) {
  setInForce(request, undefined);
  write(response, Object.fromEntries(headers), vary);
  guard(response);
  setInForce(request, policy);
}

/** Answers a request that is refused. */
function answerRefusal(request, response, policy, { status, headers, vary, contentType, body }) {
  setInForce(request, undefined);
  write(response, Object.fromEntries(headers), vary ?? undefined);
  response.statusCode = status;
  if (body !== null) {
    response.setHeader('content-type', contentType);
    response.setHeader('content-length', String(Buffer.byteLength(body)));
    response.setHeader('x-content-type-options', 'nosniff');
  }
  setInForce(request, policy);
  response.end(body ?? undefined);
}

function clear(response) {
  for (const name of [ORIGIN, CREDENTIALS, EXPOSE]) removeHeader.call(response, name);
}

module.exports = { answerPreflight, answerRefusal, passOn, share };
