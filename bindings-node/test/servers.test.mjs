// Servers other than Express's: wrapped, attached, HTTP/2, Fetch handlers, Fastify, WebSockets.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2';
import { test } from 'node:test';

import { serve as serveFetch } from '@hono/node-server';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import cors, { Policy, verifyUpgrade } from 'crossgate';
import crossgateFastify from 'crossgate/fastify';
import { wrap as wrapFetch } from 'crossgate/fetch';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { WebSocket, WebSocketServer } from 'ws';

import { APP, EVIL, corsOf, preflight, serve } from './harness.mjs';

const options = { origin: APP, methods: ['GET', 'PUT'], allowedHeaders: ['Content-Type'] };
const SHARED = { vary: 'Origin', 'access-control-allow-origin': APP };

test('wrap: preflights never reach the application, and its early answers have the headers', async (t) => {
  let reached = 0;
  const app = express();
  app.use((_, __, next) => {
    reached += 1;
    next();
  });
  app.use(express.json(), (_, response) => response.end());
  const call = await serve(t, cors.wrap(app, options));
  assert.equal((await call({ ...preflight, origin: APP })).status, 204);
  assert.equal((await call({ ...preflight, origin: EVIL })).status, 403);
  assert.equal(reached, 0);
  const broken = await call({ method: 'POST', origin: APP, 'content-type': 'application/json', body: '{' });
  assert.equal(broken.status, 400);
  assert.deepEqual(corsOf(broken), SHARED);
});

test('wrap and attach take middleware, and a server answers where an error is to be passed on', async (t) => {
  const origin = (_, callback) => callback(new Error('no'));
  const failing = await serve(t, cors.wrap(() => assert.fail(), cors({ origin, nextOnError: true })));
  assert.equal((await failing({ origin: APP })).status, 500);
  const mcp = cors.mcp({ origin: APP, allowedHosts: [] });
  const call = await serve(t, cors.wrap((_, response) => response.end(), mcp));
  assert.equal((await call({ origin: EVIL })).status, 403);
});

test('attach: a server that exists, with all its listeners', async (t) => {
  const server = createServer((_, response) => response.setHeader('access-control-allow-origin', '*'));
  cors.attach(server, options);
  server.on('request', (_, response) => response.end('second'));
  const call = await serve(t, server);
  const answer = await call({ origin: APP });
  assert.equal(answer.body, 'second');
  assert.deepEqual(corsOf(answer), SHARED);
  assert.deepEqual(corsOf(await call({ origin: EVIL })), { vary: 'Origin' });
  const asked = await call({ ...preflight, origin: APP, expect: '100-continue' });
  assert.equal(asked.status, 204);
});

test('HTTP/2: the Host is :authority, and the policy wins there too', async (t) => {
  const handler = cors.wrap((_, response) => {
    response.writeHead(200, { 'access-control-allow-origin': '*', vary: 'Accept', 'x-other': '1' });
    response.end('served');
  }, cors.mcp({ origin: APP, allowedHosts: ['api.example.com'] }));
  const server = createHttp2(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const client = connectHttp2(`http://127.0.0.1:${server.address().port}`);
  t.after(() => client.close());
  const call = async (headers) => {
    const stream = client.request({ ':authority': 'api.example.com', ...headers }, { endStream: true });
    const [answer] = await once(stream, 'response');
    stream.resume();
    await once(stream, 'end');
    return answer;
  };
  const shared = await call({ origin: APP });
  assert.equal(shared[':status'], 200);
  assert.equal(shared['access-control-allow-origin'], APP);
  assert.equal(shared.vary, 'Accept, Origin');
  assert.equal(shared['x-other'], '1');
  assert.equal((await call({}))['access-control-allow-origin'], undefined);
  assert.equal((await call({ origin: EVIL }))[':status'], 403);
  assert.equal((await call({ ':authority': 'evil.example', origin: APP }))[':status'], 421);
  const asked = { ':method': 'OPTIONS', origin: APP, 'access-control-request-method': 'POST' };
  assert.equal((await call(asked))[':status'], 204);
});

test('Fetch: Hono behind a server, and the policy wins', async (t) => {
  const app = new Hono();
  app.get('/', (context) => {
    context.header('Access-Control-Allow-Origin', '*');
    context.header('Vary', 'Accept');
    context.header('Access-Control-Expose-Headers', 'X-Total');
    return context.text('served');
  });
  const fetch = wrapFetch(app.fetch, { ...options, exposedHeaders: 'X-Id' });
  const server = serveFetch({ fetch, port: 0, hostname: '127.0.0.1' });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/`;
  const call = async (init) => {
    const answer = await globalThis.fetch(url, init);
    return { status: answer.status, body: await answer.text(), headers: Object.fromEntries(answer.headers) };
  };
  const shared = await call({ headers: { origin: APP } });
  assert.equal(shared.body, 'served');
  assert.deepEqual(corsOf(shared), {
    ...SHARED, vary: 'Accept, Origin', 'access-control-expose-headers': 'X-Id, X-Total',
  });
  assert.equal((await call({ headers: { origin: EVIL } })).headers['access-control-allow-origin'], undefined);
  const { method, ...asked } = preflight;
  assert.equal((await call({ method, headers: { ...asked, origin: APP } })).status, 204);
  const refused = await call({ method, headers: { ...asked, origin: EVIL } });
  assert.equal(refused.status, 403);
  assert.equal(refused.body, `origin \`${EVIL}\` is not allowed\n`);
});

test('Fetch: responses that cannot be changed, inner policies, errors, asynchronous origins', async () => {
  const ask = (handler, headers, more) => wrapFetch(handler, more)(new Request('http://api.example.com/', { headers }));
  const fixed = () => Response.redirect('http://api.example.com/next', 302);
  const redirected = await ask(fixed, { origin: APP }, options);
  assert.equal(redirected.status, 302);
  assert.equal(redirected.headers.get('access-control-allow-origin'), APP);

  const inner = wrapFetch(() => new Response('x'), { origin: false });
  assert.equal((await ask(inner, { origin: APP }, options)).headers.get('access-control-allow-origin'), null);

  assert.equal((await ask(() => Response.error(), { origin: APP }, options)).type, 'error');
  await assert.rejects(ask(() => Promise.reject(new Error('theirs')), { origin: APP }, options), /theirs/);

  const events = [];
  const origin = async (value) => {
    if (value === EVIL) throw new Error('secret');
    return value === APP;
  };
  const asking = { origin, onDecision: (event) => events.push(event) };
  assert.equal((await ask(() => new Response('x'), { origin: APP }, asking)).headers.get('access-control-allow-origin'), APP);
  const failed = await ask(() => assert.fail(), { origin: EVIL }, asking);
  assert.equal(failed.status, 403);
  assert.doesNotMatch(await failed.text(), /secret/);
  assert.deepEqual(events.map(({ verdict }) => verdict), ['allowed', 'refused']);
});

test('Fetch: an MCP handler of the official SDK', async (t) => {
  const handler = createMcpHandler(() => new McpServer({ name: 'test', version: '1' }));
  t.after(() => handler.close());
  const handle = wrapFetch((request) => handler.fetch(request), Policy.mcp({ origin: APP, allowedHosts: ['mcp.example.com'] }));
  const call = (origin, init = {}) =>
    handle(new Request('https://mcp.example.com/mcp', {
      method: 'POST',
      body: '{',
      ...init,
      headers: { origin, 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...init.headers },
    }));
  const broken = await call(APP);
  assert.equal(broken.status, 400);
  assert.equal(broken.headers.get('access-control-allow-origin'), APP);
  assert.match(broken.headers.get('access-control-expose-headers'), /Mcp-Session-Id/);
  const refused = await call(EVIL);
  assert.equal(refused.status, 403);
  assert.equal(JSON.parse(await refused.text()).error.code, -32000);
});

test('Fastify: routes, 404s, errors, hijacked streams and injected requests', async (t) => {
  const fastify = Fastify({ forceCloseConnections: true });
  await fastify.register(crossgateFastify, options);
  fastify.get('/', (_, reply) => reply.header('access-control-allow-origin', '*').header('vary', 'Accept').send('served'));
  fastify.get('/error', () => {
    throw new Error('theirs');
  });
  fastify.get('/stream', (_, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'access-control-allow-origin': '*' });
    reply.raw.end('data: 1\n\n');
  });
  t.after(() => fastify.close());
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  const call = await attached(fastify.server);
  for (const [path, status, vary] of [['/', 200, 'Accept, Origin'], ['/error', 500, 'Origin'], ['/none', 404, 'Origin'], ['/stream', 200, 'Origin']]) {
    const answer = await call({ path, origin: APP });
    assert.equal(answer.status, status);
    assert.deepEqual(corsOf(answer), { ...SHARED, vary });
    assert.deepEqual(corsOf(await call({ path, origin: EVIL })), { vary });
  }
  assert.equal((await call({ ...preflight, origin: APP })).status, 204);
  assert.equal((await call({ ...preflight, origin: EVIL })).status, 403);
  const injected = await fastify.inject({ url: '/', headers: { origin: APP } });
  assert.equal(injected.headers['access-control-allow-origin'], APP);
});

async function attached(server) {
  const { port } = server.address();
  return async ({ path = '/', method = 'GET', ...headers }) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
    await answer.text();
    return { status: answer.status, headers: Object.fromEntries(answer.headers) };
  };
}

test('WebSocket: a handshake passes from allowed pages and from what is no page', async (t) => {
  const events = [];
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    sockets.close();
    for (const socket of sockets.clients) socket.terminate();
  });
  const origin = [APP, async (value) => {
    if (value === 'https://error.example') throw new Error('secret');
    return value === 'https://tenant.example';
  }];
  server.on('upgrade', verifyUpgrade({ origin, onDecision: (event) => events.push(event) }, (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (opened) => opened.send('hello'));
  }));
  const connect = async (headers) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}/live`, { headers });
    const [message] = await Promise.race([
      once(socket, 'message'),
      once(socket, 'unexpected-response').then(([, response]) => [`${response.statusCode}`]),
    ]);
    socket.terminate();
    return String(message);
  };
  assert.equal(await connect({ origin: APP }), 'hello');
  assert.equal(await connect({ origin: 'https://tenant.example' }), 'hello');
  assert.equal(await connect({}), 'hello');
  assert.equal(await connect({ origin: EVIL }), '403');
  assert.equal(await connect({ origin: 'null' }), '403');
  assert.equal(await connect({ origin: 'https://error.example' }), '403');
  assert.deepEqual([...new Set(events.map(({ leg }) => leg))], ['websocket']);
  assert.deepEqual(
    events.map(({ verdict, reason }) => reason ?? verdict),
    ['allowed', 'allowed', 'not-cors', 'origin-not-allowed', 'origin-null', 'origin-not-allowed'],
  );
});
