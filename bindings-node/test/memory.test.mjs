// Memory stays flat. `CROSSGATE_SOAK=60` soaks each kind of request for as many seconds instead of
// some ten thousand times.

import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import cors, { Policy, PolicyHandle } from 'crossgate';

import { APP, EVIL, preflight } from './harness.mjs';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const seconds = Number(process.env.CROSSGATE_SOAK ?? 0);

const { method, ...asked } = preflight;
const PREFLIGHT = { method, headers: { ...asked, origin: APP } };
const strict = { origin: APP, allowedHosts: [] };

const KINDS = {
  allowed: [cors({ origin: APP, credentials: true }), { headers: { origin: APP } }],
  refused: [cors({ origin: APP }), { headers: { origin: EVIL } }],
  'without Origin': [cors({ origin: APP }), { headers: {} }],
  preflight: [cors({ origin: APP }), PREFLIGHT],
  'preflight with its names sent back': [
    cors({ origin: APP, credentials: true, allowedHeaders: ['Mcp-Param-*'] }),
    { ...PREFLIGHT, headers: { ...PREFLIGHT.headers, 'access-control-request-headers': 'mcp-param-a' } },
  ],
  rejected: [cors.mcp(strict), { headers: { origin: EVIL, host: 'localhost' } }],
  'another host': [cors.mcp(strict), { headers: { host: 'evil.example' } }],
  malformed: [cors({ origin: APP }), { headers: { origin: '\u0000'.repeat(5000) } }],
  function: [cors({ origin: (origin, callback) => callback(null, origin === APP) }), { headers: { origin: APP } }],
  promise: [cors({ origin: async (origin) => origin === APP }), { headers: { origin: APP } }],
  cached: [cors({ origin: async () => true, originCacheSeconds: 60 }), { headers: { origin: APP } }],
  'failing function': [cors({ origin: () => Promise.reject(new Error('down')) }), { headers: { origin: APP } }],
  delegate: [cors((request, callback) => callback(null, { origin: [APP] })), { headers: { origin: APP } }],
  told: [cors({ origin: APP, onDecision() {} }), { headers: { origin: EVIL } }],
  handle: [cors(new PolicyHandle({ origin: APP })), { headers: { origin: APP } }],
};

for (const [name, [middleware, given]] of Object.entries(KINDS)) {
  test(`${name}: memory stays flat`, async (t) => {
    const run = async (times) => {
      for (let time = 0; time < times; time += 1) once(middleware, given);
      await setImmediate();
    };
    let times = 30_000;
    const grown = await growth(async () => {
      for (let done = 0; done < times; done += 1000) await run(1000);
      const end = Date.now() + seconds * 1000;
      while (Date.now() < end) {
        await run(1000);
        times += 1000;
      }
    }, () => run(10_000));
    t.diagnostic(`${times} requests: ${grown.heap} bytes of heap, ${grown.resident} resident more`);
    // What leaks, leaks at least once a request: an object, or 16 bytes of Rust's.
    assert.ok(grown.heap < Math.max(times * 8, 1024 * 1024));
    assert.ok(grown.resident < Math.max(times * 8, 16 * 1024 * 1024));
  });
}

test('policies are freed', async (t) => {
  const handle = new PolicyHandle({ origin: APP });
  const run = async (times) => {
    for (let time = 0; time < times; time += 1) {
      const origin = Array.from({ length: 100 }, (_, nth) => `https://app${time}-${nth}.example.com`);
      handle.replace(new Policy({ origin }));
      // Finalizers have a turn of their own.
      if (time % 100 === 0) await setImmediate();
    }
    gc();
    await setImmediate();
  };
  const times = seconds === 0 ? 2_000 : 20_000;
  const grown = await growth(() => run(times), () => run(2_000));
  t.diagnostic(`${times} policies: ${grown.heap} bytes of heap, ${grown.resident} resident more`);
  assert.ok(grown.heap < Math.max(times * 100, 1024 * 1024));
  // Each has its origins.
  assert.ok(grown.resident < times * 100 * 30);
});

/** A request through the middleware, on the objects that a server has. */
function once(middleware, { method = 'GET', headers }) {
  const request = new IncomingMessage(null);
  Object.assign(request, { method, headers, url: '/' });
  const response = new ServerResponse(request);
  middleware(request, response, () => response.end('hello'));
}

/** How many bytes more there are after a run, once another has warmed up. */
async function growth(run, warm) {
  await warm();
  const before = await memory();
  await run();
  const after = await memory();
  return { heap: after.heapUsed - before.heapUsed, resident: after.rss - before.rss };
}

async function memory() {
  for (let time = 0; time < 3; time += 1) {
    gc();
    await setImmediate();
  }
  return process.memoryUsage();
}
