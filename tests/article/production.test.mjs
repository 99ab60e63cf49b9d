import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import Database from 'libsql';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { send } from './raw.mjs';
import { startRedis } from './redis.mjs';
import { LANGUAGES, startExample } from './servers.mjs';
import { until } from './until.mjs';

const API = 'api.app.localhost';
const LISTED = 'https://app.example.com';
const LIMIT = 3;
const SECURITY = ['content-security-policy', 'strict-transport-security', 'x-content-type-options'];

useBrowser();

for (const language of LANGUAGES) {
  test(`${language}: a page reads its request id, what is left, and when to return`, async (t) => {
    const app = pageOrigin('app.localhost');
    // The page's preflight counts too.
    const server = await start(t, language, { origins: [app], env: { RATE_LIMIT: '3/60' } });
    const { network, page } = await openPage(t, `${app}/`);
    const url = `${server.origin(API)}/hello`;
    const options = { credentials: 'include', headers: { authorization: 'Bearer a' } };
    const answers = [];
    while (answers.length < 3) answers.push(await fetchIn(page, url, options));

    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 429]);
    const left = answers.map(({ headers }) => headers['x-ratelimit-remaining']);
    assert.deepEqual(left, ['1', '0', '0']);
    assert.equal(new Set(answers.map(({ headers }) => headers['x-request-id'])).size, 3);
    const retryAfter = Number(answers[2].headers['retry-after']);
    assert.ok(retryAfter > 0 && retryAfter <= 60);
    assert.equal(JSON.parse(answers[2].body).error, 'too many requests');

    const exchanges = network.to(url);
    assert.deepEqual(exchanges.filter(({ method }) => method === 'OPTIONS').length, 1);
    for (const { method, status, responseHeaders } of exchanges) {
      for (const name of [...SECURITY, 'x-request-id']) {
        assert.ok(responseHeaders[name], `${method} ${status}: ${name}`);
      }
      assert.equal(responseHeaders['cross-origin-resource-policy'], 'cross-origin');
      assert.equal(responseHeaders['access-control-allow-origin'], app);
    }
  });

  test(`${language}: a flood of preflights is stopped, by client and not by origin`, async (t) => {
    const server = await start(t, language);
    const preflight = (origin, lines = []) => ask(server, { origin, preflight: true, lines });
    const origins = [LISTED, 'https://evil.example', 'null'];
    assert.equal(origins.length, LIMIT);
    const answered = [];
    for (const origin of origins) answered.push((await preflight(origin)).status);
    assert.deepEqual(answered, [204, 403, 403]);

    // Neither another origin nor another address that the client makes up is another client.
    for (const lines of [[], ['X-Forwarded-For: 203.0.113.7'], ['Forwarded: for=203.0.113.8']]) {
      const { status, headers } = await preflight(LISTED, lines);
      assert.equal(status, 429, lines.join());
      assert.equal(Number(headers['retry-after']) > 0, true);
      assert.deepEqual(headers['x-ratelimit-remaining'], ['0']);
    }
    const refused = await ask(server, { origin: 'https://evil.example' });
    assert.equal(refused.status, 403);
    assert.equal(refused.headers['access-control-allow-origin'], undefined);

    // The audit has preflights and refusals. What was one too many never came as far as a decision.
    await until(() => server.events.length === 4);
    assert.deepEqual(
      server.events.map(({ verdict, leg, origin, client }) => [verdict, leg, origin, client]),
      [
        ['allowed', 'preflight', LISTED, '127.0.0.1'],
        ['refused', 'preflight', 'https://evil.example', '127.0.0.1'],
        ['refused', 'preflight', 'null', '127.0.0.1'],
        ['refused', 'actual', 'https://evil.example', '127.0.0.1'],
      ],
    );
  });

  test(`${language}: a trusted proxy says who the client is`, async (t) => {
    const server = await start(t, language, { env: { TRUST_PROXY: '127.0.0.1' } });
    const from = (address) => ask(server, { lines: [`X-Forwarded-For: ${address}`] });
    const statuses = [];
    while (statuses.length <= LIMIT) statuses.push((await from('203.0.113.7')).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
    assert.equal((await from('203.0.113.8')).status, 200);
    // What the client wrote comes before what the proxy added.
    assert.equal((await from('203.0.113.9, 203.0.113.7')).status, 429);
  });

  test(`${language}: the list is the database's, now and after it failed`, async (t) => {
    const server = await start(t, language, { env: { RATE_LIMIT: '100/60' } });
    const readable = async (origin) => {
      const { status, headers } = await ask(server, { origin });
      const reader = headers['access-control-allow-origin']?.join();
      assert.equal(reader, status === 200 ? origin : undefined);
      return status === 200;
    };
    const other = 'https://other.example.com';
    assert.equal(await readable(LISTED), true);
    assert.equal(await readable(other), false);

    server.database.exec(`INSERT INTO origins VALUES ('${other}')`);
    assert.equal(await readable(other), true);
    server.database.exec(`DELETE FROM origins WHERE origin = '${other}'`);
    assert.equal(await readable(other), false);

    server.database.exec('ALTER TABLE origins RENAME TO lost');
    assert.equal(await readable(LISTED), false);
    assert.equal((await ask(server, {})).status, 200, 'who names no origin is not asked about');
    const failed = await until(() => server.events.find(({ error }) => error));
    assert.equal(failed.verdict, 'refused');
    assert.equal(failed.origin, LISTED);
    assert.match(failed.error, /no such table/);

    server.database.exec('ALTER TABLE lost RENAME TO origins');
    assert.equal(await readable(LISTED), true);
  });

  test(`${language}: two processes count together in Redis, or alone without it`, async (t) => {
    const redis = await startRedis(t);
    const env = { REDIS_URL: redis.url };
    const first = await start(t, language, { env });
    const second = await start(t, language, { env });
    const left = async (server) => {
      const { status, headers } = await ask(server, {});
      return [status, Number(headers['x-ratelimit-remaining'])];
    };
    assert.deepEqual(await left(first), [200, 2]);
    assert.deepEqual(await left(second), [200, 1]);
    assert.deepEqual(await left(first), [200, 0]);
    assert.deepEqual(await left(second), [429, 0]);
    assert.deepEqual(await left(first), [429, 0]);

    await redis.stop();
    assert.deepEqual(await left(first), [200, 2]);
    assert.deepEqual(await left(second), [200, 2]);
    for (const { events } of [first, second]) {
      await until(() => events.some(({ event }) => event === 'redis'));
    }
  });
}

async function start(t, language, { origins = [LISTED], env } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'crossgate-production-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'origins.db');
  const server = await startExample(t, 'production', language, {
    origins,
    hosts: [API],
    env: { DATABASE: file, RATE_LIMIT: `${LIMIT}/60`, ...env },
  });
  const database = new Database(file);
  t.after(() => database.close());
  return { ...server, database };
}

function ask(server, { origin, preflight = false, lines = [] }) {
  const { port } = new URL(server.origin('127.0.0.1'));
  const all = [`Host: ${API}`, ...(origin === undefined ? [] : [`Origin: ${origin}`]), ...lines];
  if (preflight) all.push('Access-Control-Request-Method: GET');
  const method = preflight ? 'OPTIONS' : 'GET';
  return send(port, { method, path: '/hello', lines: all, body: '' });
}
