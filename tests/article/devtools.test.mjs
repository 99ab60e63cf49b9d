import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { panel, row } from './devtools/panel.mjs';
import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { LANGUAGES, startExample } from './servers.mjs';
import { until } from './until.mjs';

const APP = 'app.localhost';
const API = 'api.app.localhost';
const PICTURE = fileURLToPath(new URL('../../docs/network.png', import.meta.url));
const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };

useBrowser();

// `SCREENSHOT=1` renews the picture in the documentation.
test('DevTools shows preflights, streams, statuses and headers of both servers', async (t) => {
  const { context, network, page } = await openPage(t, `${pageOrigin(APP)}/`);
  const seen = [];
  for (const language of LANGUAGES) {
    const settings = { origins: [pageOrigin(APP)], hosts: [API] };
    const server = await startExample(t, 'two-way-sse', language, settings);
    const origin = server.origin(API);
    await context.addCookies([{ name: 'user', value: 'ada', url: origin }]);
    await talk(page, origin);
    // A header that the policy does not list.
    const headers = { 'x-unknown': '1' };
    assert.deepEqual(await fetchIn(page, `${origin}/sse`, { headers }), { error: 'TypeError' });
    await until(() => network.to(origin).some(({ corsError }) => corsError));
    seen.push(network.to(origin));
  }

  const columns = ({ method, status, type, initiator }) => [method, status, type, initiator];
  for (const exchanges of seen) {
    // The order of a request and its preflight is the browser's.
    assert.deepEqual(exchanges.map(row).map(columns).sort(), [
      ['GET', '200', 'eventsource', 'page'],
      ['GET', 'CORS error', 'fetch', 'page'],
      ['OPTIONS', '204', 'preflight', 'browser'],
      ['OPTIONS', '204', 'preflight', 'browser'],
      ['POST', '202', 'fetch', 'page'],
    ]);
  }

  const [exchanges] = seen;
  const chosen = [
    exchanges.find(({ type }) => type === 'EventSource'),
    exchanges.find(({ method, url }) => method === 'OPTIONS' && url.includes('/messages')),
    exchanges.find(({ method }) => method === 'POST'),
  ];
  const drawn = await context.newPage();
  await drawn.setViewportSize({ width: 1180, height: 400 });
  await drawn.setContent(panel(`Network: ${pageOrigin(APP)}`, seen.flat(), chosen));
  const rows = await drawn.locator('tbody tr').allInnerTexts();
  assert.equal(rows.length, 10);
  assert.equal(await drawn.locator('tr.failed').count(), 2);
  const [stream, preflight, message] = await drawn.locator('section').allInnerTexts();
  const granted = new RegExp(`access-control-allow-origin\\s+${pageOrigin(APP)}\\b`);
  for (const section of [stream, preflight, message]) assert.match(section, granted);
  assert.match(stream, /content-type\s+text\/event-stream/);
  assert.match(preflight, /access-control-request-headers\s+content-type/);
  assert.match(preflight, /access-control-allow-headers\s+.*Mcp-Session-Id/i);
  assert.match(message, /cookie\s+user=ada/);
  const picture = await drawn.screenshot({
    fullPage: true,
    ...(process.env.SCREENSHOT && { path: PICTURE }),
  });
  assert.ok(picture.length > 10_000);
});

/** Opens the stream, sends a message, and waits for what the server says to it. */
function talk(page, origin) {
  return page.evaluate(
    ([origin, message]) =>
      new Promise((resolve) => {
        const source = new globalThis.EventSource(`${origin}/sse`, { withCredentials: true });
        source.addEventListener('message', resolve);
        source.addEventListener('endpoint', ({ data }) =>
          fetch(new URL(data, origin), {
            method: 'POST',
            credentials: 'include',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(message),
          }),
        );
      }),
    [origin, PING],
  );
}
