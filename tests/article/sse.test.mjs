import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { startRelay } from './relay.mjs';
import { LANGUAGES, startExample } from './servers.mjs';
import { until } from './until.mjs';
import { ask, open } from './wire.mjs';

useBrowser();

// Of one site, so that a cookie goes along; over plain HTTP that is for loopback names alone.
const [APP, API, OTHER] = ['app.localhost', 'api.app.localhost', 'other.example.test'];
const FIRST = ['1', 'the news begin'];
const JSON_TYPE = { 'content-type': 'application/json' };
const LONG = JSON.stringify({ text: 'x'.repeat(40_000) });

for (const language of LANGUAGES) {
  test(`${language}: an EventSource with credentials reads from the first event on`, async (t) => {
    const { page, network, url } = await stage(t, language);
    await listen(page, url);
    await heard(page, [FIRST]);
    await publish(page, url, 'rain');
    await heard(page, [FIRST, ['2', 'rain']]);

    const [{ requestHeaders, responseHeaders }] = network.to(url);
    assert.equal(requestHeaders.cookie, 'user=ada');
    assert.equal(responseHeaders['access-control-allow-origin'], pageOrigin(APP));
    assert.equal(responseHeaders['access-control-allow-credentials'], 'true');
  });

  test(`${language}: a stream that was cut goes on with what was missed`, async (t) => {
    const { page, network, server } = await stage(t, language);
    const relay = await startRelay(t, server);
    const url = `${relay.origin(API)}/news`;
    await listen(page, url);
    await heard(page, [FIRST]);

    relay.cut();
    for (const text of ['rain', 'sun']) await publish(page, `${server.origin(API)}/news`, text);
    await heard(page, [FIRST, ['2', 'rain'], ['3', 'sun']]);
    const resumed = network.to(url).slice(1).filter(({ status }) => status === 200);
    assert.deepEqual(resumed.map(({ requestHeaders }) => requestHeaders['last-event-id']), ['1']);
  });

  test(`${language}: fetch reads a stream as it comes, and resumes it after a preflight`, async (t) => {
    const { page, network, server, url } = await stage(t, language);
    await publish(page, url, 'rain');
    await page.evaluate(async (url) => {
      const headers = { 'last-event-id': '1' };
      const abort = new AbortController();
      const { signal } = abort;
      const response = await fetch(url, { credentials: 'include', headers, signal });
      globalThis.read = '';
      globalThis.leave = () => abort.abort();
      const decoder = new TextDecoderStream();
      const writable = new WritableStream({ write: (text) => void (globalThis.read += text) });
      response.body.pipeThrough(decoder).pipeTo(writable).catch(() => {});
    }, url);
    await page.waitForFunction(() => globalThis.read.includes('rain'));
    await publish(page, url, 'sun');
    await page.waitForFunction(() => globalThis.read.includes('sun'));

    const read = await page.evaluate(() => globalThis.read);
    assert.deepEqual(read.match(/^data: .*$/gm), ['data: "rain"', 'data: "sun"']);
    const asked = network.to(url).map(({ requestHeaders, method }) =>
      `${method} ${requestHeaders['access-control-request-headers'] ?? ''}`,
    );
    assert.ok(asked.includes('OPTIONS last-event-id'), asked);

    await page.evaluate(() => globalThis.leave());
    await allClosed(server);
  });

  test(`${language}: six streams of a page close with it`, async (t) => {
    const { page, context, server, url } = await stage(t, language);
    for (let nth = 0; nth < 6; nth += 1) await listen(page, url);
    await heard(page, Array(6).fill(FIRST));
    await until(() => server.events.at(-1).streams === 6);

    await context.close();
    await allClosed(server);
  });

  test(`${language}: a foreign page and a null origin read nothing`, async (t) => {
    const { server, url, network, page } = await stage(t, language, OTHER);
    assert.equal(await tryToRead(page, url, 'in a sandboxed frame'), 'refused');
    assert.equal(await tryToRead(page, url), 'refused');
    assert.deepEqual(await fetchIn(page, url), { error: 'TypeError' });
    assert.deepEqual(await fetchIn(page, url, { credentials: 'include' }), { error: 'TypeError' });

    // What a frame of its own process sends is not on record.
    const errors = () => network.to(url).flatMap(({ corsError }) => corsError ?? []);
    await until(() => errors().length >= 2);
    assert.deepEqual([...new Set(errors())], ['MissingAllowOriginHeader']);
    await allClosed(server);
  });

  test(`${language}: what a handler writes by hand opens nothing`, async (t) => {
    const { server } = await stage(t, language);
    for (const origin of ['https://evil.example', 'null', undefined]) {
      const stream = await open(server, { path: '/news', headers: { origin } });
      await stream.until('the news begin');
      const { status, headers } = stream.answer();
      assert.equal(status, 200);
      assert.equal(headers['access-control-allow-origin'], undefined);
      assert.equal(headers['access-control-allow-credentials'], undefined);
      assert.match(headers.vary, /\bOrigin\b/);
      await stream.cut();
    }
    const headers = { origin: pageOrigin(APP) };
    const stream = await open(server, { path: '/news', headers });
    await stream.until('the news begin');
    assert.equal(stream.answer().headers['access-control-allow-origin'], headers.origin);
    await stream.cut();
  });

  test(`${language}: a thousand streams get each event, and leave nothing behind`, async (t) => {
    const { server } = await stage(t, language);
    const request = { path: '/news', headers: { origin: pageOrigin(APP) } };
    const streams = [];
    // No more at a time than a listening socket keeps waiting.
    for (let nth = 0; nth < 10; nth += 1) {
      const some = await Promise.all(Array.from({ length: 100 }, () => open(server, request)));
      await Promise.all(some.map((stream) => stream.until('the news begin')));
      streams.push(...some);
    }
    await until(() => server.events.at(-1).streams === 1000);

    const { status } = await ask(server, {
      method: 'POST',
      path: '/news',
      headers: JSON_TYPE,
      body: '{"text":"rain"}',
    });
    assert.equal(status, 201);
    await Promise.all(streams.map((stream) => stream.until('"rain"')));
    for (const stream of streams) {
      assert.equal(stream.answer().headers['access-control-allow-origin'], request.headers.origin);
    }

    await Promise.all(streams.map((stream) => stream.cut()));
    await allClosed(server);
    assert.doesNotMatch(server.printed(), /error|exception|warning/i);
    const last = await open(server, { ...request, headers: { 'last-event-id': '1' } });
    await last.until('"rain"');
    await last.cut();
  });

  test(`${language}: a server that is told to stop ends its streams`, async (t) => {
    const { server } = await stage(t, language);
    const request = { path: '/news', headers: { origin: pageOrigin(APP) } };
    const streams = await Promise.all(Array.from({ length: 100 }, () => open(server, request)));
    await Promise.all(streams.map((stream) => stream.until('the news begin')));
    await server.stop('SIGTERM');
    await Promise.all(streams.map(({ closed }) => closed));
    assert.doesNotMatch(server.printed(), /exception|traceback/i);
  });

  test(`${language}: what a client does not read is kept for nobody`, async (t) => {
    const { server } = await stage(t, language);
    const url = `${server.origin('127.0.0.1')}/news`;
    const [idle] = await once(get(url), 'response');
    await until(() => server.events.at(-1)?.streams === 1);

    // More than the sockets between the two hold, and more than the server keeps for all.
    const post = () => fetch(url, { method: 'POST', headers: JSON_TYPE, body: LONG });
    for (let nth = 0; nth < 15; nth += 1) {
      const answers = await Promise.all(Array.from({ length: 100 }, post));
      await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    }

    const ids = [];
    for await (const line of createInterface({ input: idle })) {
      if (line.startsWith('id: ')) ids.push(Number(line.slice(4)));
      if (ids.at(-1) === 1501) break;
    }
    assert.equal(ids[0], 1);
    assert.ok(ids.length < 1501, 'all of them were kept');
    idle.destroy();
    await allClosed(server);
  });
}

async function stage(t, language, host = APP) {
  const origins = [pageOrigin(APP)];
  const server = await startExample(t, 'sse', language, { origins, hosts: [API] });
  const { context, ...opened } = await openPage(t, `${pageOrigin(host)}/`);
  await context.addCookies([{ name: 'user', value: 'ada', url: server.origin(API) }]);
  return { ...opened, context, server, url: `${server.origin(API)}/news` };
}

function listen(page, url) {
  return page.evaluate((url) => {
    globalThis.heard ??= [];
    new globalThis.EventSource(url, { withCredentials: true }).addEventListener('message', (event) =>
      globalThis.heard.push([event.lastEventId, JSON.parse(event.data)]),
    );
  }, url);
}

async function heard(page, events) {
  await page.waitForFunction((length) => globalThis.heard.length >= length, events.length);
  assert.deepEqual(await page.evaluate(() => globalThis.heard), events);
}

async function publish(page, url, text) {
  const { status } = await fetchIn(page, url, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ text }),
  });
  assert.equal(status, 201);
}

/** What becomes of an EventSource in the page, or in a frame whose origin is `null`. */
function tryToRead(page, url, where) {
  return page.evaluate(
    ([url, sandboxed]) =>
      new Promise((resolve) => {
        const script = `
          const source = new EventSource(${JSON.stringify(url)}, { withCredentials: true });
          source.onmessage = () => parent.postMessage('read', '*');
          source.onerror = () => source.readyState === 2 && parent.postMessage('refused', '*');`;
        globalThis.addEventListener('message', ({ data }) => resolve(data), { once: true });
        const frame = globalThis.document.createElement('iframe');
        if (sandboxed) frame.sandbox = 'allow-scripts';
        frame.srcdoc = `<script>${script}</script>`;
        globalThis.document.body.append(frame);
      }),
    [url, where !== undefined],
  );
}

const allClosed = (server) => until(() => server.events.at(-1)?.streams === 0);
