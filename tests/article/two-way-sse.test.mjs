import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { bundle } from 'crossgate-browser-harness/pages.mjs';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { startRelay } from './relay.mjs';
import { LANGUAGES, startExample } from './servers.mjs';
import { until } from './until.mjs';
import { ask, open } from './wire.mjs';

// Of one site, so that a cookie goes along; over plain HTTP that is for loopback names alone.
const [APP, OTHER, API] = ['app.localhost', 'other.app.localhost', 'api.app.localhost'];
const JSON_BODY = { 'content-type': 'application/json' };
const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };

useBrowser(async () => ({
  '/page.js': await bundle(new URL('two-way-sse/page.mjs', import.meta.url)),
}));

for (const language of LANGUAGES) {
  test(`${language}: the official client speaks and listens in a page`, async (t) => {
    const { network, page, server } = await connected(t, language);
    assert.equal(await page.evaluate(() => globalThis.call('echo', { text: 'hello' })), 'hello');
    assert.equal(await page.evaluate(() => globalThis.call('announce')), 'announced');
    await page.waitForFunction(() => globalThis.heard === 1);

    const sent = network.to(server.origin(API));
    const posts = sent.filter(({ url, method }) => url.includes('/messages') && method === 'POST');
    assert.ok(posts.length >= 4);
    for (const { status, requestHeaders, responseHeaders } of posts) {
      assert.equal(status, 202);
      assert.match(requestHeaders['content-type'], /^application\/json/);
      assert.equal(requestHeaders.cookie, 'user=ada');
      assert.equal(responseHeaders['access-control-allow-origin'], pageOrigin(APP));
      assert.equal(responseHeaders['access-control-allow-credentials'], 'true');
    }
    const preflights = sent.filter(({ method }) => method === 'OPTIONS');
    assert.ok(preflights.some(({ url }) => url.includes('/messages')));
    for (const { status } of preflights) assert.equal(status, 204);
  });

  test(`${language}: the official client speaks and listens in Node`, async (t) => {
    const { server } = await stage(t, language);
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new SSEClientTransport(new URL(`${server.origin('127.0.0.1')}/sse`)));
    const { content } = await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
    assert.equal(content[0].text, 'hello');
    await client.close();
  });

  test(`${language}: a page that lost its connection goes on with its session`, async (t) => {
    const { network, page, server } = await stage(t, language);
    const relay = await startRelay(t, server);
    const url = `${relay.origin(API)}/sse`;
    await page.evaluate((url) => {
      globalThis.heard = { endpoint: [], message: [] };
      const source = new globalThis.EventSource(url, { withCredentials: true });
      for (const [name, list] of Object.entries(globalThis.heard)) {
        source.addEventListener(name, ({ data }) => list.push(data));
      }
    }, url);
    await page.waitForFunction(() => globalThis.heard.endpoint.length === 1);
    const [address] = await page.evaluate(() => globalThis.heard.endpoint);

    relay.cut();
    // What is said while nobody listens is kept.
    assert.equal((await post(server, address, PING, { origin: pageOrigin(APP) })).status, 202);
    await page.waitForFunction(() => globalThis.heard.message.length === 1);
    const heard = await page.evaluate(() => globalThis.heard);
    assert.deepEqual(heard.message.map(JSON.parse), [{ jsonrpc: '2.0', id: 1, result: {} }]);
    assert.equal(heard.endpoint.length, 1);
    const resumed = network.to(url).filter(({ status }) => status === 200).at(-1);
    assert.match(resumed.requestHeaders['last-event-id'], /^[\da-f-]{36}\/1$/);
    assert.deepEqual(server.events, [{ sessions: 1 }]);
  });

  // It comes back without `Last-Event-ID`, to a session that nobody has initialized.
  test(`${language}: the official client that lost its connection connects again`, async (t) => {
    // Longer than a stream takes to begin, and shorter than the client takes to come back.
    const { server } = await stage(t, language, { RECONNECT_SECONDS: '0.5' });
    const relay = await startRelay(t, server);
    const { page } = await connected(t, language, { at: relay, server });
    relay.cut();
    await until(() => server.events.some(({ sessions }) => sessions === 0));
    await page.evaluate((url) => globalThis.connect(url), `${relay.origin(API)}/sse`);
    assert.equal(await page.evaluate(() => globalThis.call('echo', { text: 'back' })), 'back');
  });

  test(`${language}: the newer of two streams stays`, async (t) => {
    const { server } = await stage(t, language, { RECONNECT_SECONDS: '0.3' });
    const { stream, address } = await opened(server);
    const newer = await open(server, {
      path: '/sse',
      headers: { 'last-event-id': lastId(stream) },
    });
    await stream.closed;
    // As long as a client is waited for, and longer.
    const other = await opened(server);
    await other.stream.cut();
    await until(() => server.events.filter(({ sessions }) => sessions === 2).length > 0);
    await until(() => server.events.at(-1).sessions === 1);

    assert.equal((await post(server, address, PING)).status, 202);
    await newer.until('"id":1');
    await newer.cut();
    await until(() => server.events.at(-1).sessions === 0);
    assert.equal((await post(server, address, PING)).status, 404);
  });

  test(`${language}: a session belongs to the origin that opened it`, async (t) => {
    const { server, page } = await stage(t, language);
    const { address, stream } = await opened(server, pageOrigin(APP));
    const foreign = await openPage(t, `${pageOrigin(OTHER)}/`);
    const message = { method: 'POST', headers: JSON_BODY, body: JSON.stringify(PING) };
    const url = `${server.origin(API)}${address}`;
    // Both may call this server, and both may read what it says.
    assert.equal((await fetchIn(page, url, message)).status, 202);
    await stream.until('"id":1');
    const { status, body } = await fetchIn(foreign.page, url, message);
    assert.equal(status, 403);
    assert.match(body, /another origin opened it/);

    const headers = { 'last-event-id': lastId(stream) };
    for (const origin of [pageOrigin(OTHER), undefined, server.origin('localhost')]) {
      assert.equal((await post(server, address, PING, { origin })).status, 403, origin);
      const answer = await ask(server, { path: '/sse', headers: { ...headers, origin } });
      assert.equal(answer.status, 403, origin);
    }
    for (const origin of ['https://evil.example', 'null']) {
      const { status, headers } = await post(server, address, PING, { origin });
      assert.equal(status, 403);
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
    await stream.cut();
  });

  test(`${language}: a page of the server itself uses the session that it opened`, async (t) => {
    const { server } = await stage(t, language);
    const own = server.origin(API);
    const { page, network } = await openPage(t, `${pageOrigin(APP)}/`);
    await page.route(`${own}/`, (route) => route.fulfill({ contentType: 'text/html', body: '' }));
    await page.goto(`${own}/`);
    await page.unrouteAll();
    await page.evaluate(
      (message) =>
        new Promise((resolve) => {
          const source = new globalThis.EventSource('/sse');
          source.addEventListener('message', ({ data }) => resolve(data));
          source.addEventListener('endpoint', ({ data }) =>
            fetch(data, {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify(message),
            }),
          );
        }),
      PING,
    );
    const [stream] = network.to(`${own}/sse`);
    const [message] = network.to(`${own}/messages`);
    await until(() => message.status);
    assert.equal(stream.requestHeaders.origin, undefined);
    assert.equal(message.requestHeaders.origin, own);
    assert.equal(message.status, 202);

    const { address, stream: program } = await opened(server);
    const foreign = await post(server, address, PING, { origin: pageOrigin(OTHER) });
    assert.equal(foreign.status, 403);
    // An own origin counts as one where the list has it too.
    const origin = server.origin('localhost');
    const listed = await post(server, address, PING, { origin });
    assert.equal(listed.status, 202);
    assert.equal(listed.headers['access-control-allow-origin'], origin);
    await program.until('"id":1');
    await program.cut();
  });

  test(`${language}: what is no message is no server's fault`, async (t) => {
    const { server } = await stage(t, language);
    const { address, stream } = await opened(server);
    for (const body of ['{', '[]', '"hello"', '{"jsonrpc":"1.0"}']) {
      const { status } = await ask(server, { method: 'POST', path: address, headers: JSON_BODY, body });
      assert.ok([400, 422].includes(status), `${status} ${body}`);
    }
    const simple = { method: 'POST', path: address, body: JSON.stringify(PING) };
    const { status } = await ask(server, { ...simple, headers: { 'content-type': 'text/plain' } });
    assert.ok([400, 415, 422].includes(status), `${status}`);
    for (const session of ['', 'x', '..%2f', 'x&session=y']) {
      const path = `/messages?session=${session}`;
      const { status } = await ask(server, { method: 'POST', path, headers: JSON_BODY, body: '{}' });
      assert.equal(status, 404, session);
    }
    for (const id of ['', 'x', '/', 'x/1', '1'.repeat(5000)]) {
      const { status } = await ask(server, { path: '/sse', headers: { 'last-event-id': id } });
      assert.equal(status, 404, id.slice(0, 10));
    }
    assert.equal((await post(server, address, PING)).status, 202);
    await stream.until('"id":1');
    await stream.cut();
  });

  test(`${language}: clients that crash leave nothing behind`, async (t) => {
    // Longer than fifty take to connect at once.
    const { server } = await stage(t, language, { RECONNECT_SECONDS: '2' });
    const { page, context } = await connected(t, language, { server });
    const crashed = await Promise.all(Array.from({ length: 50 }, () => opened(server)));
    await until(() => server.events.at(-1).sessions === 51);
    await Promise.all(crashed.map(({ stream }) => stream.cut()));
    await until(() => server.events.at(-1).sessions === 1);
    assert.equal(await page.evaluate(() => globalThis.call('echo', { text: 'here' })), 'here');
    await context.close();
    await until(() => server.events.at(-1).sessions === 0);
    for (const { address } of crashed) {
      assert.equal((await post(server, address, PING)).status, 404);
    }
  });
}

async function stage(t, language, env = {}) {
  const origins = [...[APP, OTHER].map(pageOrigin), 'http://localhost:*'];
  const server = await startExample(t, 'two-way-sse', language, { origins, hosts: [API], env });
  return { server, ...(await openPage(t, `${pageOrigin(APP)}/`)) };
}

/** A page whose client has connected, to the server itself or by way of something else. */
async function connected(t, language, given = {}) {
  const server = given.server ?? (await stage(t, language)).server;
  const { origin } = given.at ?? server;
  const { context, network, page } = await openPage(t, `${pageOrigin(APP)}/`);
  await context.addCookies([{ name: 'user', value: 'ada', url: server.origin(API) }]);
  await page.addScriptTag({ url: '/page.js', type: 'module' });
  await page.waitForFunction(() => globalThis.connect);
  await page.evaluate((url) => globalThis.connect(url), `${origin(API)}/sse`);
  return { context, network, page, server };
}

/** A stream without a browser, and where its messages go. */
async function opened(server, origin) {
  const stream = await open(server, { path: '/sse', headers: { origin } });
  await stream.until('event: endpoint');
  const address = await until(() => /data: (\S+)/.exec(stream.body())?.[1]);
  return { stream, address };
}

const lastId = (stream) => /^id: (\S+)/m.exec(stream.body())[1];

function post(server, path, message, headers = {}) {
  const body = JSON.stringify(message);
  return ask(server, { method: 'POST', path, headers: { ...JSON_BODY, ...headers }, body });
}
