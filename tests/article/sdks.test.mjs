import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bundle } from 'crossgate-browser-harness/pages.mjs';
import { python, startServer } from 'crossgate-browser-harness/servers.mjs';
import { STEPS } from 'crossgate-demo/session.mjs';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { INITIALIZE, send } from './raw.mjs';

// Of one site, so that a cookie goes along; over plain HTTP that is for loopback names alone.
const [APP, API] = ['app.localhost', 'api.app.localhost'];
const OTHER = 'other.example.test';

/** Each with its own guard on, which has its lists from Crossgate. */
const PYTHON_SDKS = {
  'Python SDK 1': [file('../../target/sdks/mcp-1/bin/python'), file('sdks/mcp_1.py')],
  'Python SDK 2': [python(), file('sdks/mcp_2.py')],
  'FastMCP 4': [file('../../target/sdks/fastmcp/bin/python'), file('sdks/fastmcp_4.py')],
};
const SDKS = { ...PYTHON_SDKS, 'TypeScript SDK 1': [process.execPath, file('sdks/typescript_1.mjs')] };

useBrowser(async () => ({
  '/page.js': await bundle(new URL('../browser/page.mjs', import.meta.url)),
}));

for (const [name, command] of Object.entries(SDKS)) {
  test(`${name}: the official client holds a session in a page, with cookies`, async (t) => {
    const server = await start(t, command);
    const { context, network, page } = await openPage(t, `${pageOrigin(APP)}/`);
    const url = `${server.origin(API)}/mcp`;
    await context.addCookies([{ name: 'user', value: 'ada', url }]);
    await page.addScriptTag({ url: '/page.js', type: 'module' });
    const options = { client: 'v1', url, credentials: 'include' };
    const steps = await page.evaluate((options) => globalThis.session(options), options);
    assert.deepEqual(steps.filter(({ ok }) => !ok), []);
    assert.deepEqual(steps.map(({ step }) => step), STEPS.v1);

    const sent = network.to(url);
    const methods = new Set(sent.map(({ method }) => method));
    assert.deepEqual([...methods].sort(), ['DELETE', 'GET', 'OPTIONS', 'POST']);
    for (const { method, requestHeaders, responseHeaders } of sent) {
      assert.equal(responseHeaders['access-control-allow-origin'], pageOrigin(APP), method);
      assert.equal(responseHeaders['access-control-allow-credentials'], 'true', method);
      assert.equal(requestHeaders.cookie, method === 'OPTIONS' ? undefined : 'user=ada');
    }
  });

  test(`${name}: a foreign page is refused, and a foreign name`, async (t) => {
    const server = await start(t, command);
    const initialize = { method: 'POST', body: INITIALIZE };
    const headers = { 'content-type': 'application/json' };
    const foreign = await openPage(t, `${pageOrigin(OTHER)}/`);
    const url = `${server.origin(API)}/mcp`;
    for (const options of [initialize, { ...initialize, headers }]) {
      assert.deepEqual(await fetchIn(foreign.page, url, options), { error: 'TypeError' });
    }
    const refused = foreign.network.to(url).filter(({ status }) => status !== undefined);
    assert.deepEqual(
      refused.map(({ method, status }) => `${method} ${status}`),
      ['POST 403', 'OPTIONS 403'],
    );

    const { page } = await openPage(t, `${pageOrigin(APP)}/`);
    const elsewhere = `${server.origin(OTHER)}/mcp`;
    const answer = await fetchIn(page, elsewhere, { ...initialize, headers });
    assert.equal(answer.status, 421);
    assert.equal(JSON.parse(answer.body).error.code, -32000);
  });
}

// That of Python SDK 2 is held in tests/browser.
test('FastMCP 4: the newer client holds a session in a page, with cookies', async (t) => {
  const server = await start(t, SDKS['FastMCP 4']);
  const { context, network, page } = await openPage(t, `${pageOrigin(APP)}/`);
  const url = `${server.origin(API)}/mcp`;
  await context.addCookies([{ name: 'user', value: 'ada', url }]);
  await page.addScriptTag({ url: '/page.js', type: 'module' });
  const options = { client: 'v2', url, credentials: 'include' };
  const steps = await page.evaluate((options) => globalThis.session(options), options);
  // It has no subscriptions, by which the last step is told.
  const done = steps.filter(({ ok }) => ok).map(({ step }) => step);
  assert.deepEqual(done, STEPS.v2.slice(0, -1));

  const named = network.to(url).filter(({ requestHeaders }) => requestHeaders['mcp-param-region']);
  const sent = named.map(({ requestHeaders }) => [requestHeaders.cookie, requestHeaders['mcp-param-region']]);
  assert.deepEqual(sent, [['user=ada', 'eu-west']]);
});

for (const [name, command] of Object.entries(PYTHON_SDKS)) {
  test(`${name}: its own guard judges by the same lists`, async (t) => {
    const server = await start(t, command, { ALONE: '1' });
    const port = new URL(server.origin('localhost')).port;
    const status = async (host, origin) => {
      const lines = [`Host: ${host}`, ...(origin === undefined ? [] : [`Origin: ${origin}`])];
      return (await send(port, { lines })).status;
    };
    for (const host of [API, `${API}:${port}`, `localhost:${port}`, `127.0.0.1:${port}`]) {
      assert.equal(await status(host), 200, host);
      assert.equal(await status(host, pageOrigin(APP)), 200, host);
      assert.equal(await status(host, pageOrigin(OTHER)), 403, host);
    }
    for (const host of [OTHER, `evil.${API}:${port}`]) assert.equal(await status(host), 421, host);
  });
}

async function start(t, command, env = {}) {
  const settings = { origins: [pageOrigin(APP)], hosts: [API], env };
  const server = await startServer(command, settings, () => {});
  t.after(() => server.stop());
  return server;
}

function file(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}
