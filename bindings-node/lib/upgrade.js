'use strict';

const { STATUS_CODES } = require('node:http');

const { decisions, describe, describeError, report } = require('./audit.js');
const { compile } = require('./cors.js');
const { ask, decideOrigin } = require('./origins.js');
const { engineOf } = require('./policy.js');
const { hostOf, pathOf, text } = require('./request.js');
const { OUTCOME, REFUSED, UNDECIDED, refusalOf } = require('./verdict.js');

/**
 * A listener for a server's `upgrade` that lets a handshake pass only from where a page may read
 * answers, or from what is no page at all. Browsers ask no leave for a WebSocket, and send cookies:
 * the server alone can refuse. https://www.rfc-editor.org/rfc/rfc6455#section-10.2
 * @param options as of `cors`, or a policy
 * @param upgrade called with what passes
 */
function verifyUpgrade(options, upgrade) {
  const { policy, settings } = compile(options, 'EXPRESS');
  return (request, socket, head) => {
    verify(policy[engineOf], settings, request, (refusal) => {
      if (refusal === undefined) upgrade(request, socket, head);
      else refuse(socket, refusal);
    });
  };
}

function verify(engine, settings, request, done) {
  const policy = engine.at === undefined ? engine.strict : engine.at(pathOf(request));
  const origin = text(request.headers.origin);
  const host = hostOf(request);
  const settle = (verdict) => {
    const refused = refusalOf(verdict);
    if (isHeard(settings)) report(settings, describe(request, policy, refused, 'websocket'));
    done((refused & OUTCOME) < REFUSED ? undefined : policy.answer(refused, origin, host, 'GET'));
  };
  const fail = (error) => {
    if (isHeard(settings)) report(settings, describeError(request, error, 'websocket'));
    done(policy.undecided);
  };
  const verdict = policy.verdict(origin, host, 'GET');
  if ((verdict & OUTCOME) === UNDECIDED) {
    decideOrigin(engine, origin, request, (error, allowed) => {
      if (error === undefined) settle(policy.verdict(origin, host, 'GET', undefined, undefined, allowed));
      else fail(error);
    });
  } else if (origin === undefined && engine.decide !== undefined) {
    const call = (callback) => engine.decide(undefined, callback, request);
    ask(engine.decide, call, (error) => (error === undefined ? settle(verdict) : fail(error)));
  } else {
    settle(verdict);
  }
}

function isHeard({ onDecision }) {
  return onDecision !== undefined || decisions.hasSubscribers;
}

function refuse(socket, { status, contentType, body }) {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    `content-type: ${contentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
  ];
  // The page that asked reads none of this, but a person with curl does.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

module.exports = { verifyUpgrade };
