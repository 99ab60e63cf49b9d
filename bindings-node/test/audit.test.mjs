// What is told of decisions, and that nobody's fault in listening decides a request.

import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import cors, { decisionOf } from 'crossgate';
import express from 'express';

import { APP, EVIL, preflight, serve } from './harness.mjs';

const decisions = channel('crossgate:decision');

test('every decision is told, to the option and to the channel', async (t) => {
  const events = [];
  const heard = [];
  const listener = (event) => heard.push(event);
  decisions.subscribe(listener);
  t.after(() => decisions.unsubscribe(listener));
  const middleware = cors.mcp({ origin: APP, allowedHosts: [], onDecision: (event) => events.push(event) });
  const call = await serve(t, express().use('/api', middleware, (_, response) => response.end()));
  await call({ path: '/api/a?b', origin: APP });
  await call({ path: '/api', origin: EVIL, method: 'POST' });
  await call({ path: '/api', ...preflight, 'access-control-request-method': 'DELETE', origin: APP });
  await call({ path: '/api', ...preflight, origin: APP });
  await call({ path: '/api' });
  await call({ path: '/api', host: 'evil.example' });
  const [first] = events;
  assert.deepEqual(Object.keys(first), ['time', 'leg', 'verdict', 'reason', 'message', 'method', 'path', 'origin', 'client']);
  assert.ok(Math.abs(first.time - Date.now()) < 60_000);
  assert.match(first.client, /127\.0\.0\.1$/);
  assert.deepEqual(
    events.map(({ leg, verdict, reason, method, path, origin }) => [leg, verdict, reason, method, path, origin]),
    [
      ['actual', 'allowed', null, 'GET', '/api/a', APP],
      ['actual', 'refused', 'origin-not-allowed', 'POST', '/api', EVIL],
      ['preflight', 'allowed', null, 'OPTIONS', '/api', APP],
      ['preflight', 'refused', 'method-not-allowed', 'OPTIONS', '/api', APP],
      ['actual', 'not-cors', null, 'GET', '/api', null],
      ['actual', 'refused', 'host-not-allowed', 'GET', '/api', null],
    ],
  );
  assert.equal(events[1].message, `origin \`${EVIL}\` is not allowed`);
  assert.deepEqual(heard, events);
  JSON.stringify(events);
});

test('the client is whom the application takes it for', async (t) => {
  for (const [trusted, client] of [[false, /127\.0\.0\.1$/], [true, /^192\.0\.2\.7$/]]) {
    const events = [];
    const app = express().set('trust proxy', trusted);
    app.use(cors({ origin: APP, onDecision: (event) => events.push(event) }));
    const call = await serve(t, app);
    await call({ ...preflight, origin: EVIL, 'x-forwarded-for': '192.0.2.7' });
    assert.match(events[0].client, client);
  }
});

test('a listener that throws decides no request', async (t) => {
  const middleware = cors({ origin: APP, onDecision: () => { throw new Error('mine'); } });
  const call = await serve(t, express().use(middleware, (_, response) => response.end('served')));
  const warning = once(process, 'warning');
  assert.equal((await call({ origin: APP })).body, 'served');
  assert.equal((await warning)[0].message, 'mine');
});

for (const [name, build] of [
  ['Express', (middleware, handler) => express().use(middleware, handler)],
  ['node:http', (middleware, handler) => createServer((request, response) => middleware(request, response, () => handler(request, response)))],
]) {
  test(`${name}: the decision on a request can be asked for`, async (t) => {
    const options = { origin: (origin) => origin === APP, denied: 'continue' };
    const call = await serve(t, build(cors(options), (request, response) => response.end(JSON.stringify(decisionOf(request)))));
    const decide = async (request) => JSON.parse((await call(request)).body);
    const allowed = await decide({ origin: APP });
    assert.deepEqual([allowed.verdict, allowed.leg, allowed.origin, allowed.status], ['allowed', 'actual', APP, null]);
    assert.deepEqual(allowed.headers, { 'access-control-allow-origin': APP });
    const refused = await decide({ origin: EVIL });
    assert.deepEqual([refused.verdict, refused.reason, refused.value], ['refused', 'origin-not-allowed', EVIL]);
    assert.equal((await decide({})).verdict, 'not-cors');
  });
}

test('of a request that no middleware saw there is no decision', () => {
  assert.equal(decisionOf({ method: 'GET', headers: {}, rawHeaders: [] }), undefined);
  assert.equal(decisionOf({ method: 'GET', headers: {} }), undefined);
});
