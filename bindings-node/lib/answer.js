'use strict';

const { core, guard, inForce, policyInForce, setInForce } = require('./guard.js');
const { CREDENTIALS, EXPOSE, ORIGIN } = require('./headers.js');
const { mergeList } = require('./list.js');
const { askedOf } = require('./request.js');
const {
  ALLOW_CREDENTIALS,
  ALLOW_ORIGIN,
  EXPOSE_HEADERS,
  OUTCOME,
  PREFLIGHT_REFUSED,
  REJECTED,
  varyOf,
} = require('./verdict.js');

const { getHeaderNames, setHeader } = core;

/** Puts a policy in force on a response that the application will give. */
function share(request, response, policy, verdict, origin) {
  // Express's responses have each a hidden class of their own, so that reading a method from one
  // costs 0.4 µs: Node's own are called by name wherever the response is known to have them.
  if (!guard(request, response) || hasOurs(getHeaderNames.call(response))) {
    shareOther(request, response, policy, verdict, origin);
    return;
  }
  request.rawHeaders[inForce] = policy;
  const { everyone, expose, vary } = policy;
  if (vary !== undefined) setHeader.call(response, 'vary', vary);
  if ((verdict & ALLOW_ORIGIN) === 0) return;
  setHeader.call(response, ORIGIN, everyone === undefined ? origin : everyone);
  if (verdict & ALLOW_CREDENTIALS) setHeader.call(response, CREDENTIALS, 'true');
  if (expose !== undefined) setHeader.call(response, EXPOSE, expose);
}

/** Whether somebody has set a header that a policy writes. */
function hasOurs(names) {
  for (let nth = 0; nth < names.length; nth += 1) {
    const name = names[nth];
    if (name === 'vary' || name === ORIGIN || name === CREDENTIALS || name === EXPOSE) return true;
  }
  return false;
}

/**
 * The same where others have set such headers before, and on responses of other kinds: of HTTP/2, of
 * a subclass, of a test.
 */
function shareOther(request, response, policy, verdict, origin) {
  // An outer middleware's answer gives way: the innermost policy is the one that counts.
  if (policyInForce(request) !== undefined) {
    setInForce(request, undefined);
    for (const name of [ORIGIN, CREDENTIALS, EXPOSE]) response.removeHeader?.(name);
  }
  const headers = {};
  if (verdict & ALLOW_ORIGIN) headers[ORIGIN] = policy.everyone ?? origin;
  if (verdict & ALLOW_CREDENTIALS) headers[CREDENTIALS] = 'true';
  if (verdict & EXPOSE_HEADERS) headers[EXPOSE] = policy.expose;
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
  send(request, response, policy, policy.preflightStatus, block, '');
}

/** Answers a request that is refused. */
function answerRefusal(request, response, policy, verdict) {
  const asked = askedOf(request);
  const outcome = verdict & OUTCOME;
  if (outcome === PREFLIGHT_REFUSED || outcome === REJECTED) {
    // No CORS header at all.
    const body = policy.body(...asked, verdict);
    sendBody(request, response, policy, 403, { vary: varyOf(verdict) }, body);
    return;
  }
  const { status, headers, body } = policy.answer(verdict, ...asked);
  const block = Object.fromEntries(headers);
  const vary = varyOf(verdict);
  if (vary !== undefined) block.vary = vary;
  sendBody(request, response, policy, status, block, body ?? '');
}

/** Answers a request that nobody could decide. */
function answerUndecided(request, response, policy) {
  const { status, body } = policy.undecided;
  const shown = request.method === 'HEAD' ? '' : body;
  sendBody(request, response, policy, status, { vary: 'Origin' }, shown);
}

function sendBody(request, response, policy, status, block, body) {
  if (body !== '') {
    block['content-type'] = policy.contentType;
    block['content-length'] = String(Buffer.byteLength(body));
    block['x-content-type-options'] = 'nosniff';
  }
  send(request, response, policy, status, block, body);
}

function send(request, response, policy, status, block, body) {
  // The guard of an outer middleware lets this answer pass.
  setInForce(request, undefined);
  if (typeof response.writeHead === 'function' && !hasOurs(response.getHeaderNames())) {
    response.writeHead(status, block);
  } else {
    const { vary, ...headers } = block;
    write(response, headers, vary);
    response.statusCode = status;
  }
  setInForce(request, policy);
  if (body === '') response.end();
  else response.end(body);
}

/** Leaves a preflight to the application, with the policy's headers. */
function passOn(request, response, policy, verdict) {
  const { headers, vary } = policy.answer(verdict, ...askedOf(request));
  setInForce(request, undefined);
  write(response, Object.fromEntries(headers), vary);
  guard(request, response);
  setInForce(request, policy);
}

module.exports = { answerPreflight, answerRefusal, answerUndecided, passOn, share };
