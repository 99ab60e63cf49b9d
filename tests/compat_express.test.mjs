// Where Crossgate answers otherwise than npm cors: both are asked, and both must answer as the table
// says. What is not in the table is alike, which the last test samples.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import { test } from 'node:test';

import peer from 'cors';
import crossgate from 'crossgate';
import express from 'express';

const { about, cases } = JSON.parse(readFileSync(new URL('compat/express.json', import.meta.url)));

const FUNCTIONS = {
  refuses: (_, callback) => callback(null, false),
  fails: (_, callback) => callback(new Error('Not allowed by CORS')),
  throws: () => {
    throw new Error('Not allowed by CORS');
  },
  async: async (origin) => origin === 'https://app.example.com',
};

/** What a package answers: status, the headers that matter, and who answered. */
async function ask(cors, options, { app = {}, times = 1, ...request }, hangs = false) {
  let middleware;
  try {
    middleware = cors(read(options));
  } catch (error) {
    return { throws: error.message };
  }
  const application = express().set('env', 'test').use(middleware, (_, response) => {
    response.set(app).send('application');
  });
  const server = createServer(application).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    let answer;
    for (let time = 0; time < times; time += 1) {
      answer = await exchange(server.address().port, request, hangs);
    }
    return answer;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function read({ origin, ...options }) {
  if (origin === undefined) return options;
  if (origin.function) return { ...options, origin: FUNCTIONS[origin.function] };
  if (origin.expression) return { ...options, origin: new RegExp(origin.expression, origin.flags) };
  if (origin.undefined) return { ...options, origin: undefined };
  return { ...options, origin };
}

async function exchange(port, { method = 'GET', ...headers }, hangs) {
  const request = send({ host: '127.0.0.1', port, method, headers, agent: false });
  request.end();
  const answered = once(request, 'response');
  // Half a second in which nothing happens: nothing else is waited for by the clock.
  const patience = hangs ? [new Promise((resolve) => setTimeout(resolve, 500, []))] : [];
  const [response] = await Promise.race([answered, ...patience]);
  if (response === undefined) {
    answered.catch(() => {});
    request.destroy();
    return { hangs: true };
  }
  const body = Buffer.concat(await response.toArray()).toString();
  const shown = Object.entries(response.headers).filter(
    ([name]) =>
      name === 'vary' ||
      name.startsWith('access-control-') ||
      (name === 'content-length' && response.statusCode === 204),
  );
  return {
    status: response.statusCode,
    headers: Object.fromEntries(shown.sort()),
    by: body === 'application' ? 'application' : 'middleware',
  };
}

test(about, async (t) => {
  for (const { name, options, request, upstream, ours, why, ...unknown } of cases) {
    await t.test(name, async () => {
      assert.deepEqual(unknown, {}, 'unknown keys');
      assert.ok(why);
      assert.deepEqual(await ask(peer, options, request, upstream.hangs), upstream, 'npm cors');
      assert.deepEqual(await ask(crossgate, options, request), ours, 'Crossgate');
      assert.notDeepEqual(upstream, ours);
    });
  }
});

test('the README has the table', () => {
  const readme = readFileSync(new URL('../bindings-node/README.md', import.meta.url), 'utf8');
  const [, table] = readme.split('## Differences from npm `cors`');
  const [section] = table.split('\n## ');
  const rows = section.split('\n').filter((line) => line.startsWith('| ')).slice(1);
  assert.deepEqual(rows, cases.map(({ name, why }) => `| ${name} | ${why} |`));
});

test('what is not in the table is alike', async () => {
  const APP = 'https://app.example.com';
  for (const options of [
    { origin: APP },
    { origin: [APP, 'https://b.example'], credentials: true, exposedHeaders: 'X-A,X-B' },
    { origin: [[/^https:\/\/app\.example\.com$/]], credentials: true },
    { origin: [APP], exposedHeaders: ['X-A'] },
  ]) {
    const request = { origin: APP };
    const [theirs, ours] = [await ask(peer, options, request), await ask(crossgate, options, request)];
    const spaced = JSON.parse(JSON.stringify(theirs).replaceAll('X-A,X-B', 'X-A, X-B'));
    assert.deepEqual(ours, spaced);
  }
  const anyone = { origin: APP };
  assert.deepEqual(await ask(crossgate, {}, anyone), await ask(peer, {}, anyone));
});
