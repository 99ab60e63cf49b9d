import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startServer } from 'crossgate-browser-harness/servers.mjs';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { LANGUAGES, startExample } from './servers.mjs';
import { until } from './until.mjs';
import { ask } from './wire.mjs';

useBrowser();

const [APP, API, OTHER] = ['app.example.test', 'api.example.test', 'other.example.test'];

for (const language of ['express 4', ...LANGUAGES]) {
  test(`${language}: an OPTIONS of a page reaches the application, its preflight does not`, async (t) => {
    const { server, handled } = await start(t, language);
    const { page, network } = await openPage(t, `${pageOrigin(APP)}/`);
    const url = `${server.origin(API)}/notes`;

    const options = await fetchIn(page, url, { method: 'OPTIONS' });
    assert.equal(options.status, 200);
    assert.equal(options.headers.allow, 'GET, PUT, OPTIONS');
    assert.deepEqual(JSON.parse(options.body), { describes: '/notes' });
    await handled(1);

    const headers = { 'content-type': 'application/json' };
    const note = { method: 'PUT', headers, body: '{"note":"tea"}' };
    assert.deepEqual(JSON.parse((await fetchIn(page, url, note)).body), { note: 'tea' });
    await handled(1);

    const preflights = network
      .to(url)
      .map(({ requestHeaders }) => requestHeaders['access-control-request-method'])
      .filter(Boolean);
    // Its answer names PUT too, so that a browser need not ask again.
    assert.equal(preflights[0], 'OPTIONS');
  });

  test(`${language}: a page that may not call learns nothing from OPTIONS`, async (t) => {
    const { server, handled } = await start(t, language);
    const { page } = await openPage(t, `${pageOrigin(OTHER)}/`);
    const answer = await fetchIn(page, `${server.origin(API)}/notes`, { method: 'OPTIONS' });
    assert.deepEqual(answer, { error: 'TypeError' });
    await handled(0);
  });

  test(`${language}: each half of what makes a preflight is none`, async (t) => {
    const { server, handled } = await start(t, language);
    const origin = pageOrigin(APP);
    const method = 'PUT';
    const plain = [{}, { origin }, { 'access-control-request-method': method }];
    for (const [nth, headers] of plain.entries()) {
      const { status, body } = await ask(server, { method: 'OPTIONS', path: '/notes', headers });
      assert.equal(status, 200);
      assert.deepEqual(JSON.parse(body), { describes: '/notes' });
      await handled(nth + 1);
    }
    // Without a route too, and refused ones: a preflight is never the application's.
    for (const from of [origin, 'https://evil.example', 'null']) {
      for (const path of ['/notes', '/nowhere']) {
        const headers = { origin: from, 'access-control-request-method': method };
        const answer = await ask(server, { method: 'OPTIONS', path, headers });
        assert.equal(answer.status === 403, from !== origin);
        assert.equal(answer.status < 300, from === origin);
        assert.equal(answer.headers.allow, undefined);
      }
    }
    await handled(plain.length);
  });
}

async function start(t, language) {
  const settings = { origins: [pageOrigin(APP)], hosts: [API] };
  const server =
    language === 'express 4'
      ? await startExpress4(t, settings)
      : await startExample(t, 'options-routes', language, settings);
  return {
    server,
    /** Waits until the application has handled so many OPTIONS requests, and no more. */
    async handled(count) {
      // What it prints comes in order: behind this one nothing is on its way.
      await ask(server, { method: 'OPTIONS', path: '/notes' });
      server.asked = (server.asked ?? 0) + 1;
      await until(() => server.events.length >= count + server.asked);
      assert.equal(server.events.length, count + server.asked);
    },
  };
}

async function startExpress4(t, settings) {
  const events = [];
  const program = fileURLToPath(new URL('options-routes/express4.mjs', import.meta.url));
  const command = [process.execPath, program];
  const server = await startServer(command, settings, (event) => events.push(event));
  t.after(() => server.stop());
  return { ...server, events };
}
