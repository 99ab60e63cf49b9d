// Origins that the application decides: npm cors's forms and ours, errors, caching, replacement.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import cors, { ConfigError, Policy, PolicyHandle } from 'crossgate';
import express from 'express';
import express4 from 'express4';

import { APP, EVIL, corsOf, preflight, serve } from './harness.mjs';

const SHARED = { vary: 'Origin', 'access-control-allow-origin': APP };
const REFUSED = { vary: 'Origin' };
const soon = (value) => new Promise((resolve) => setImmediate(resolve, value));

const isApp = (origin) => origin === APP;
const FUNCTIONS = {
  'calls back': (origin, callback) => callback(null, isApp(origin)),
  'calls back later': (origin, callback) => void setImmediate(callback, null, isApp(origin)),
  'calls back with an origin': (origin, callback) => callback(null, APP),
  'calls back with a list': (_, callback) => callback(null, [/^https:\/\/x\.example$/, [APP]]),
  'calls back with a pattern': (_, callback) => callback(null, 'https://*.example.com'),
  'returns a value': (origin) => isApp(origin),
  'returns a promise': (origin) => soon(isApp(origin)),
  'is async and calls back': async (origin, callback) => callback(null, await soon(isApp(origin))),
  'has rest parameters': (...args) => args[1](null, isApp(args[0])),
  'answers twice': (origin, callback) => {
    callback(null, isApp(origin));
    callback(null, true);
    return true;
  },
};

for (const [what, origin] of Object.entries(FUNCTIONS)) {
  for (const [framework, name] of [[express, 'Express 5'], [express4, 'Express 4']]) {
    test(`${name}: an origin function that ${what}`, async (t) => {
      const call = await serve(t, framework().use(cors({ origin }), (_, response) => response.end()));
      assert.deepEqual(corsOf(await call({ origin: APP })), SHARED);
      assert.deepEqual(corsOf(await call({ origin: EVIL })), REFUSED);
      assert.deepEqual(corsOf(await call()), REFUSED);
      assert.equal((await call({ ...preflight, origin: APP })).status, 204);
      assert.equal((await call({ ...preflight, origin: EVIL })).status, 403);
    });
  }
}

const FAILURES = {
  'calls back with an error': (_, callback) => callback(new Error('secret')),
  throws: () => {
    throw new Error('secret');
  },
  rejects: async () => {
    throw new Error('secret');
  },
  'rejects without a reason': () => Promise.reject(),
  'gives what is no origin': () => 'https://app.example.com/',
  'gives `*` with credentials': () => '*',
};

for (const [what, origin] of Object.entries(FAILURES)) {
  test(`an origin function that ${what} stops the request`, async (t) => {
    const events = [];
    let reached = 0;
    const middleware = cors({ origin, credentials: true, onDecision: (event) => events.push(event) });
    const call = await serve(t, express().use(middleware, (_, response) => response.end(`${reached++}`)));
    for (const request of [{ origin: APP }, { ...preflight, origin: APP }]) {
      const answer = await call(request);
      assert.equal(answer.status, 403);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.doesNotMatch(answer.body, /secret|Error|at /);
    }
    assert.equal(reached, 0);
    assert.equal(events.length, 2);
    for (const { verdict, reason, error } of events) {
      assert.deepEqual([verdict, reason], ['refused', 'origin-not-allowed']);
      assert.ok(error instanceof Error);
    }
  });
}

test('an error of a function stops a request without Origin too', async (t) => {
  const origin = (_, callback) => callback(new Error('no'));
  const call = await serve(t, express().use(cors({ origin }), (_, response) => response.end()));
  assert.equal((await call()).status, 403);
});

test('`nextOnError` hands the error on, as npm cors does', async (t) => {
  const origin = (_, callback) => callback(new Error('mine'));
  const app = express().use(cors({ origin, nextOnError: true }), (_, response) => response.end());
  app.use((error, _, response, next) => (next ? response.status(499).send(error.message) : undefined));
  const call = await serve(t, app);
  const answer = await call({ origin: APP });
  assert.deepEqual([answer.status, answer.body], [499, 'mine']);
});

test('`null`, malformed and listed origins never reach a function', async (t) => {
  const asked = [];
  const origin = [APP, (value) => asked.push(value) > 0];
  const call = await serve(t, express().use(cors({ origin }), (_, response) => response.end()));
  for (const value of ['null', 'https://a.example/x', 'HTTPS://A.EXAMPLE', 'x', '', ['https://a.example', 'https://a.example']]) {
    assert.deepEqual(corsOf(await call({ origin: value })), REFUSED);
  }
  assert.deepEqual(corsOf(await call({ origin: APP })), SHARED);
  assert.deepEqual(asked, []);
  await call({ origin: EVIL });
  assert.deepEqual(asked, [EVIL]);
});

test('a function is asked each time, unless its author states for how long it holds', async (t) => {
  let asked = 0;
  const origin = (value) => (value === undefined ? false : ++asked > 0);
  const always = await serve(t, express().use(cors({ origin }), (_, response) => response.end()));
  for (let time = 0; time < 3; time += 1) await always({ origin: APP });
  assert.equal(asked, 3);

  asked = 0;
  const middleware = cors({ origin, originCacheSeconds: 3600 });
  const cached = await serve(t, express().use(middleware, (_, response) => response.end()));
  for (let time = 0; time < 3; time += 1) await cached({ origin: APP });
  assert.equal(asked, 1);
  await cached({ origin: EVIL });
  assert.equal(asked, 2);
  middleware.policy.forget(APP);
  await cached({ origin: APP });
  await cached({ origin: EVIL });
  assert.equal(asked, 3);
  middleware.policy.forget();
  await cached({ origin: EVIL });
  assert.equal(asked, 4);
});

test('what a function said is forgotten after its time, and when there is too much of it', (t) => {
  t.mock.timers.enable({ apis: ['Date'] });
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  let asked = 0;
  const middleware = cors({ origin: () => ++asked > 0, originCacheSeconds: 10 });
  const ask = (origin) => {
    const response = { setHeader() {}, getHeader() {}, removeHeader() {}, end() {} };
    middleware({ method: 'GET', url: '/', headers: { origin } }, response, () => {});
    return asked;
  };
  assert.equal(ask(APP), 1);
  now = 9_999;
  assert.equal(ask(APP), 1);
  now = 10_000;
  assert.equal(ask(APP), 2);
  for (let nth = 0; nth < 1000; nth += 1) ask(`https://a${nth}.example`);
  assert.equal(ask('https://a999.example'), 1002);
  assert.equal(ask(APP), 1003);
});

test('an expression that remembers where it stopped answers the same every time', async (t) => {
  for (const origin of [/^https:\/\/app\.example\.com$/g, /^https:\/\/(?=app)app\.example\.com$/gy]) {
    const call = await serve(t, express().use(cors({ origin }), (_, response) => response.end()));
    for (let time = 0; time < 3; time += 1) {
      assert.deepEqual(corsOf(await call({ origin: APP })), SHARED);
      assert.deepEqual(corsOf(await call({ origin: EVIL })), REFUSED);
    }
  }
});

test('an expression that is not anchored is a problem, with the anchored form', () => {
  for (const [origin, anchored] of [
    [/example\.com$/, '/^https:\\/\\/(?:[^/]+\\.)?example\\.com$/'],
    [/\.example\.com$/i, '/^https:\\/\\/(?:[^/]+\\.)?example\\.com$/i'],
    [/^https:\/\/example\.com/, '/^https:\\/\\/example\\.com(?::\\d+)?$/'],
    [/^https:\/\/a\.example$|b\.example$/, '/^https:\\/\\/a\\.example$|^https:\\/\\/(?:[^/]+\\.)?b\\.example$/'],
  ]) {
    assert.throws(() => cors({ origin }), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /^origin: prohibited expression/);
      assert.ok(error.message.includes(`\`${anchored}\``), error.message);
      return true;
    });
  }
  cors({ origin: [/^(?:https:\/\/a\.example|https:\/\/[b|c]\.example)$/, /^https:\/\/\$$/] });
});

test('an expression means the same in the core’s engine and in JavaScript, or stays here', () => {
  const origins = ['https://a.example', 'https://A.example', 'https://&.example', 'https://aa.example', 'https://z.example'];
  for (const expression of [
    /^https:\/\/[a&&b]\.example$/,
    // eslint-disable-next-line no-useless-escape -- an anchor to the one, a letter to the other
    /^https:\/\/\Aa?\.example$/,
    /^https:\/\/(a)\1\.example$/,
    /^https:\/\/(?!z)[a-z]\.example$/,
    /^HTTPS:\/\/[A-Z]\.example$/i,
    /^https:\/\/\x{1}\.example$/,
    /^https:\/\/[[a]\.example$/,
    /^https:\/\/\p{L}+\.example$/u,
  ]) {
    const policy = new Policy({ origin: expression });
    for (const origin of origins) {
      const wellFormed = /^https:\/\/[a-z0-9_-]+\.example$/.test(origin);
      const allowed = policy.decide({ origin }).verdict === 'allowed';
      assert.equal(allowed, wellFormed && expression.test(origin), `${expression} ${origin}`);
    }
  }
});

test('a nested quantifier blocks nobody where the core’s engine takes it', () => {
  const policy = new Policy({ origin: /^https:\/\/([a-z0-9]+)*\.example\.com$/ });
  const origin = `https://${'a'.repeat(60)}!`.replace('!', '_');
  assert.equal(policy.decide({ origin }).verdict, 'refused');
});

test('a delegate gives the options of each request, compiled once', async (t) => {
  let compiled = 0;
  const open = { origin: '*' };
  const strict = { origin: [APP] };
  const delegate = (request, callback) => {
    if (request.url === '/open') callback(null, open);
    else if (request.url === '/new') callback(null, { get origin() { compiled += 1; return [APP]; } });
    else if (request.url === '/error') callback(new Error('secret'));
    else if (request.url === '/invalid') callback(null, { origin: 'https://a/' });
    else if (request.url === '/promise') return soon(strict);
    else callback(null, strict);
    return undefined;
  };
  const call = await serve(t, express().use(cors(delegate), (_, response) => response.end()));
  assert.deepEqual(corsOf(await call({ path: '/open', origin: EVIL })), { 'access-control-allow-origin': '*' });
  assert.deepEqual(corsOf(await call({ path: '/', origin: APP })), SHARED);
  assert.deepEqual(corsOf(await call({ path: '/promise', origin: APP })), SHARED);
  assert.equal((await call({ path: '/error', origin: APP })).status, 403);
  assert.equal((await call({ path: '/invalid', origin: APP })).status, 403);
  for (let time = 0; time < 5; time += 1) await call({ path: '/new', origin: APP });
  // Each object is read as text once, and only the first one compiled.
  assert.ok(compiled <= 5 + 2, `${compiled}`);
});

test('a handle swaps the policy while it serves; an invalid one changes nothing', async (t) => {
  const handle = new PolicyHandle({ origin: APP });
  const call = await serve(t, express().use(cors(handle), (_, response) => response.end()));
  assert.deepEqual(corsOf(await call({ origin: APP })), SHARED);
  assert.throws(() => handle.replace({ origin: 'https://a/' }), ConfigError);
  assert.deepEqual(corsOf(await call({ origin: APP })), SHARED);
  handle.replace({ origin: EVIL });
  assert.deepEqual(corsOf(await call({ origin: APP })), REFUSED);
  handle.replace(new Policy({ origin: APP, credentials: true }));
  assert.equal((await call({ origin: APP })).headers['access-control-allow-credentials'], 'true');
});

test('a policy takes no options beside it', () => {
  assert.throws(() => cors({ policy: new Policy(), origin: APP }), /origin: prohibited option/);
  cors({ policy: new Policy(), onDecision() {} });
});
