// The policy wins, whoever writes headers below, and by whatever means.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import compression from 'compression';
import connect from 'connect';
import cors from 'crossgate';
import express from 'express';
import express4 from 'express4';
import helmet from 'helmet';
import httpProxy from 'http-proxy';
import morgan from 'morgan';

import { APP, EVIL, corsOf, serve } from './harness.mjs';

const options = { origin: APP, exposedHeaders: ['X-Id'] };
const ALLOWED = {
  vary: 'Origin',
  'access-control-allow-origin': APP,
  'access-control-expose-headers': 'X-Id',
};

/** Everything in which an application can run below the middleware. */
const HOSTS = {
  'node:http': (handler, middleware) => (request, response) =>
    middleware(request, response, () => handler(request, response)),
  connect: (handler, middleware) => connect().use(middleware).use(handler),
  'Express 4': (handler, middleware) => express4().use(middleware).use(handler),
  'Express 5': (handler, middleware) => express().use(middleware).use(handler),
  'cors.wrap': (handler) => cors.wrap(express().use(handler), options),
};

/** What applications do, and what is then to be seen with an allowed origin. */
const HANDLERS = {
  'sets another origin': [(_, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    response.end();
  }],
  'writes an object, as code for event streams does': [(_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Access-Control-Allow-Origin': '*' });
    response.write('data: 1\n\n');
    response.end();
  }],
  'writes a reason and an object': [(_, response) => {
    response.writeHead(200, 'Fine', { 'access-control-allow-origin': '*' }).end();
  }],
  'writes a flat array': [(_, response) => {
    response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Access-Control-Allow-Origin', '*']);
    response.end();
  }, ALLOWED, { 'set-cookie': ['a=1', 'b=2'] }],
  'writes an array of pairs': [(_, response) => {
    response.writeHead(200, [['X-Other', '1'], ['access-control-allow-origin', '*'], ['vary', 'Accept']]);
    response.end();
  }, { ...ALLOWED, vary: 'Accept, Origin' }, { 'x-other': '1' }],
  'appends': [(_, response) => {
    response.appendHeader('Access-Control-Allow-Origin', '*');
    response.appendHeader('Vary', 'Accept');
    response.end();
  }, { ...ALLOWED, vary: 'Origin, Accept' }],
  'sets many': [(_, response) => {
    response.setHeaders(new Map([['access-control-allow-origin', '*'], ['x-other', '1']]));
    response.end();
  }, ALLOWED, { 'x-other': '1' }],
  'overwrites Vary': [(_, response) => {
    response.setHeader('Vary', ['Accept', 'Accept-Encoding']);
    response.end();
  }, { ...ALLOWED, vary: 'Accept, Accept-Encoding, Origin' }],
  'says that everything varies': [(_, response) => {
    response.setHeader('Vary', '*');
    response.end();
  }, { ...ALLOWED, vary: '*' }],
  'exposes headers of its own': [(_, response) => {
    response.setHeader('Access-Control-Expose-Headers', 'X-Total, x-id');
    response.end();
  }, { ...ALLOWED, 'access-control-expose-headers': 'X-Total, x-id' }],
  'wipes all headers, as some error handlers do': [(_, response) => {
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    response.statusCode = 500;
    response.end();
  }],
  'flushes early': [(_, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.flushHeaders();
    response.end('late');
  }],
  'sends early hints': [(_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end();
  }],
};

for (const [host, build] of Object.entries(HOSTS)) {
  for (const [what, [handler, allowed = ALLOWED, others = {}]] of Object.entries(HANDLERS)) {
    test(`${host}: the policy wins over an application that ${what}`, async (t) => {
      const call = await serve(t, build(handler, cors(options)));
      for (let time = 0; time < 2; time += 1) {
        const answer = await call({ origin: APP });
        assert.deepEqual(corsOf(answer), allowed);
        for (const [name, value] of Object.entries(others)) assert.deepEqual(answer.headers[name], value);

        for (const origin of [EVIL, undefined]) {
          const refused = corsOf(await call(origin === undefined ? {} : { origin }));
          assert.equal(refused['access-control-allow-origin'], undefined);
          assert.equal(refused['access-control-allow-credentials'], undefined);
          assert.match(refused.vary, /Origin|\*/);
        }
      }
    });
  }
}

for (const [name, framework] of [['Express 4', express4], ['Express 5', express]]) {
  test(`${name}: an inner policy overrides an outer one`, async (t) => {
    const app = framework();
    app.use(cors({ origin: '*', exposedHeaders: 'X-Outer' }));
    app.get('/inner', cors({ origin: APP, credentials: true }), (_, response) => response.end());
    app.get('/none', cors({ origin: false }), (_, response) => response.end());
    app.get('/', (_, response) => response.end());
    const call = await serve(t, app);
    assert.deepEqual(corsOf(await call({ origin: EVIL })), {
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'X-Outer',
    });
    assert.deepEqual(corsOf(await call({ path: '/inner', origin: EVIL })), { vary: 'Origin' });
    assert.deepEqual(corsOf(await call({ path: '/inner', origin: APP })), {
      vary: 'Origin',
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
    });
    assert.deepEqual(corsOf(await call({ path: '/none', origin: APP })), { vary: 'Origin' });
  });

  test(`${name}: other routes, other applications and mounted ones are left alone or guarded`, async (t) => {
    const open = (_, response) => response.set('Access-Control-Allow-Origin', '*').end();
    const app = framework();
    app.get('/open', open);
    const mounted = framework();
    mounted.get('/', open);
    app.use('/guarded', cors(options), mounted);
    const inner = framework();
    inner.use(cors(options));
    inner.get('/', open);
    app.use('/inner', inner);
    const call = await serve(t, app);
    const elsewhere = await serve(t, framework().use(open));
    for (let time = 0; time < 2; time += 1) {
      assert.deepEqual(corsOf(await call({ path: '/open', origin: EVIL })), { 'access-control-allow-origin': '*' });
      assert.deepEqual(corsOf(await call({ path: '/guarded', origin: EVIL })), { vary: 'Origin' });
      assert.deepEqual(corsOf(await call({ path: '/inner', origin: EVIL })), { vary: 'Origin' });
      assert.deepEqual(corsOf(await elsewhere({ origin: EVIL })), { 'access-control-allow-origin': '*' });
    }
  });

  test(`${name}: what was set before the middleware cannot widen the policy`, async (t) => {
    const app = framework();
    app.use((_, response, next) => {
      response.set({ 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Credentials': 'true', Vary: 'Accept' });
      next();
    });
    app.use(cors(options), (_, response) => response.end());
    const call = await serve(t, app);
    assert.deepEqual(corsOf(await call({ origin: EVIL })), { vary: 'Accept, Origin' });
    assert.deepEqual(corsOf(await call({ origin: APP })), { ...ALLOWED, vary: 'Accept, Origin' });
    const asked = await call({ origin: APP, method: 'OPTIONS', 'access-control-request-method': 'GET' });
    assert.equal(asked.headers['access-control-allow-credentials'], undefined);
    assert.match(asked.headers.vary, /^Accept, Origin, /);
  });

  test(`${name}: helmet, compression and morgan do their work beside it, in any order`, async (t) => {
    for (const order of [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]]) {
      const lines = [];
      const log = morgan(':status :res[access-control-allow-origin] :response-time', {
        stream: { write: (line) => lines.push(line) },
      });
      const all = [cors(options), helmet(), compression({ threshold: 0 }), log];
      const app = framework();
      for (const nth of order) app.use(all[nth]);
      app.get('/', (_, response) => response.type('text').send('word '.repeat(1000)));
      const call = await serve(t, app);
      const answer = await call({ origin: APP, 'accept-encoding': 'gzip' });
      assert.equal(answer.headers['content-encoding'], 'gzip');
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      const names = answer.headers.vary.split(', ').sort();
      assert.deepEqual(names, ['Accept-Encoding', 'Origin']);
      assert.equal(answer.headers['access-control-allow-origin'], APP);
      await once(process, 'nothing', { signal: AbortSignal.timeout(20) }).catch(() => {});
      assert.match(lines.join(''), new RegExp(`^200 ${APP} [0-9.]+\n$`));
      const asked = await call({ origin: APP, method: 'OPTIONS', 'access-control-request-method': 'GET' });
      assert.equal(asked.status, 204);
    }
  });

  test(`${name}: errors keep their CORS headers and show no stack of ours`, async (t) => {
    const custom = framework();
    custom.use(cors(options), () => {
      throw new Error('custom');
    });
    custom.use((error, _, response, next) => {
      if (response.headersSent) next(error);
      else response.status(418).json({ error: error.message });
    });
    const plain = framework();
    plain.set('env', 'test');
    plain.use(cors(options));
    plain.use(framework.json());
    plain.get('/throw', () => {
      throw new Error('sync');
    });
    plain.get('/next', (_, __, next) => next(Object.assign(new Error('x'), { status: 401, headers: { Vary: 'Accept' } })));
    plain.post('/json', (_, response) => response.end());
    for (const [app, path, status, extra] of [
      [custom, '/', 418, {}],
      [plain, '/throw', 500, {}],
      [plain, '/next', 401, { vary: 'Accept, Origin' }],
      [plain, '/missing', 404, {}],
      [plain, '/json', 400, { method: 'POST', body: '{' }],
    ]) {
      const call = await serve(t, app);
      const { vary = 'Origin', ...request } = extra;
      const answer = await call({ path, origin: APP, 'content-type': 'application/json', ...request });
      assert.equal(answer.status, status);
      assert.deepEqual(corsOf(answer), { ...ALLOWED, vary });
    }
  });
}

test('an upstream behind http-proxy cannot widen the policy', async (t) => {
  const upstream = createServer((_, response) => {
    response.writeHead(200, { 'access-control-allow-origin': '*', vary: 'Accept-Encoding', 'set-cookie': ['a=1', 'b=2'] });
    response.end('upstream');
  });
  await serve(t, upstream);
  const proxy = httpProxy.createProxyServer({ target: { host: '127.0.0.1', port: upstream.address().port } });
  const forward = (request, response) => proxy.web(request, response);
  for (const app of [express().use(cors(options), forward), cors.wrap(forward, options)]) {
    const call = await serve(t, app);
    const answer = await call({ origin: APP });
    assert.deepEqual(corsOf(answer), { ...ALLOWED, vary: 'Accept-Encoding, Origin' });
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(answer.body, 'upstream');
    assert.deepEqual(corsOf(await call({ origin: EVIL })), { vary: 'Accept-Encoding, Origin' });
  }
});

test('a response whose methods others have replaced keeps their work', async (t) => {
  const seen = [];
  const call = await serve(t, (request, response) => {
    const { setHeader, writeHead } = response;
    response.setHeader = function (name, value) {
      seen.push(name);
      return setHeader.call(this, name, value);
    };
    response.writeHead = function (...args) {
      seen.push('writeHead');
      return writeHead.apply(this, args);
    };
    cors(options)(request, response, () => {
      response.writeHead(200, { 'access-control-allow-origin': '*', 'x-other': '1' }).end();
    });
  });
  assert.deepEqual(corsOf(await call({ origin: APP })), ALLOWED);
  assert.ok(seen.includes('x-other') && seen.includes('writeHead'));
});
