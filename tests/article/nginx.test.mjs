import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launchChromium } from 'crossgate-browser-harness/chromium.mjs';
import { recordNetwork } from 'crossgate-browser-harness/network.mjs';
import { bundle, servePages } from 'crossgate-browser-harness/pages.mjs';
import { SERVERS, startServer } from 'crossgate-browser-harness/servers.mjs';
import { STEPS } from 'crossgate-demo/session.mjs';

import { fetchIn } from './browser.mjs';
import { API, APP, ask, open, startNginx } from './nginx/nginx.mjs';
import { freePort } from './port.mjs';
import { until } from './until.mjs';

const BLOCKS = {
  application: file('../../examples/nginx/application-owns-cors.conf'),
  nginx: file('../../examples/nginx/nginx-owns-cors.conf'),
  article: file('nginx/article.conf'),
};
const APPLICATIONS = {
  ...SERVERS,
  // One that knows nothing of CORS.
  bare: [process.execPath, file('bare/server.mjs')],
};

let browser;
let pages;

before(async () => {
  browser = await launchChromium();
  pages = await servePages({
    '/page.js': await bundle(new URL('../browser/page.mjs', import.meta.url)),
  });
});

after(async () => {
  pages?.stop();
  await browser?.close();
});

for (const [owner, applications] of [
  ['application', ['fastapi', 'express']],
  ['nginx', ['fastapi', 'express', 'bare']],
]) {
  for (const application of applications) {
    test(`${owner} owns CORS, ${application}: both clients hold a session`, async (t) => {
      const { context, network, nginx, page } = await setStage(t, { owner, application });
      await context.addCookies([{ name: 'user', value: 'ada', url: nginx.origin(API) }]);
      const url = `${nginx.origin(API)}/mcp`;
      for (const client of ['v1', 'v2']) {
        const steps = await session(page, { client, url, credentials: 'include' });
        assert.deepEqual(steps.filter(({ ok }) => !ok), []);
        assert.deepEqual(steps.map(({ step }) => step), STEPS[client]);
      }
      for (const { method, requestHeaders, responseHeaders } of network.to(url)) {
        // A header that came twice would be both values here.
        assert.equal(responseHeaders['access-control-allow-origin'], nginx.page, method);
        assert.equal(responseHeaders['access-control-allow-credentials'], 'true', method);
        assert.match(responseHeaders.vary, /\borigin\b/i, method);
        assert.equal(requestHeaders.cookie, method === 'OPTIONS' ? undefined : 'user=ada');
      }
    });
  }
}

for (const owner of ['application', 'nginx']) {
  test(`${owner} owns CORS: foreign pages, names and headers are refused`, async (t) => {
    const { network, nginx, page } = await setStage(t, { owner, application: 'express' });
    const url = `${nginx.origin(API)}/mcp`;

    for (const [name, allowed] of [
      ['x-evil', false],
      ['mcp-param-', false],
      ['mcp-param-region', true],
    ]) {
      const headers = { 'content-type': 'application/json', [name]: '1' };
      const { error } = await fetchIn(page, url, { method: 'POST', headers, body: '{}' });
      assert.equal(error, allowed ? undefined : 'TypeError', name);
    }
    const errors = await failures(network, url, 2);
    assert.deepEqual(errors, Array(2).fill('HeaderDisallowedByPreflightResponse'));

    const foreign = nginx.origin('other.example.test');
    await page.goto(`${foreign}/`);
    const [connected] = await session(page, { client: 'v1', url });
    assert.equal(connected.ok, false);
    for (const origin of [foreign, 'null', `${nginx.page}.evil.test`, `${nginx.page}0`]) {
      const { status, headers, body } = await ask(nginx, { origin });
      assert.equal(status, 403, origin);
      assert.equal(headers['access-control-allow-origin'], undefined);
      assert.equal(headers['access-control-allow-credentials'], undefined);
      assert.match(headers.vary, /\borigin\b/i);
      assert.equal(JSON.parse(body).error.code, -32000);
    }

    // A client without a page, and the server's own page.
    for (const origin of [undefined, nginx.origin(API)]) {
      const { status, headers } = await ask(nginx, { origin });
      assert.equal(status, 200, origin);
      assert.equal(headers['access-control-allow-origin'], undefined);
    }

    const rebound = await ask(nginx, { host: `evil.test:${nginx.port}` });
    assert.equal(rebound.status, 421);
  });
}

for (const owner of ['application', 'nginx']) {
  test(`${owner} owns CORS: an event arrives while its stream is open`, async (t) => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: first\n\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.closeAllConnections() ?? server.close());

    const port = await freePort();
    const upstream = `http://127.0.0.1:${server.address().port}`;
    await startNginx(t, BLOCKS[owner], { port, upstream, pages: pages.origin('127.0.0.1') });
    const response = await open({ port });
    const [chunk] = await once(response, 'data');
    assert.equal(String(chunk), 'data: first\n\n');
    response.destroy();
  });
}

test('nginx owns CORS: an allowed page can read that the application is down', async (t) => {
  const { nginx, server } = await setStage(t, { owner: 'nginx', application: 'bare' });
  await server.stop();
  const { status, headers } = await ask(nginx, { origin: nginx.page });
  assert.equal(status, 502);
  assert.equal(headers['access-control-allow-origin'], nginx.page);
  assert.match(headers.vary, /\bOrigin\b/);
});

test('a block as it is often written carries no session', async (t) => {
  const reason = async (application, path) => {
    const { nginx, page, network } = await setStage(t, { owner: 'article', application });
    const url = `${nginx.origin(API)}${path}`;
    const [connected] = await session(page, { client: 'v1', url, credentials: 'include' });
    assert.equal(connected.ok, false);
    return (await failures(network, url, 1)).join();
  };
  // nginx redirects what lacks the slash, and a preflight must not be redirected.
  assert.equal(await reason('bare', '/mcp'), 'PreflightDisallowedRedirect');
  // Nobody says which headers may be sent.
  assert.equal(await reason('bare', '/mcp/'), 'HeaderDisallowedByPreflightResponse');
  // Both say who may read, even though they agree.
  assert.equal(await reason('express', '/mcp/'), 'PreflightMultipleAllowOriginValues');
});

test('a block as it is often written lets every page act as its visitor', async (t) => {
  const { nginx } = await setStage(t, { owner: 'article', application: 'bare' });
  for (const origin of ['https://evil.test', 'null']) {
    const { status, headers } = await ask(nginx, { path: '/mcp/', origin });
    assert.equal(status, 200);
    assert.equal(headers['access-control-allow-origin'], origin);
    assert.equal(headers['access-control-allow-credentials'], 'true');
    // A cache would give one page the answer that was meant for another.
    assert.equal(headers.vary, undefined);
  }
  const { headers } = await ask(nginx, { path: '/mcp/' });
  assert.equal(headers['access-control-allow-credentials'], 'true', 'without an Origin too');
});

test('a block as it is often written drops the port of the Host', async (t) => {
  const hosts = (port) => [`${API}:${port}`];
  const status = async (owner, path) => {
    const { nginx } = await setStage(t, { owner, application: 'express', hosts });
    return (await ask(nginx, { path })).status;
  };
  assert.equal(await status('article', '/mcp/'), 421);
  assert.equal(await status('application', '/mcp'), 200);
});

/** An application behind nginx, and a page on a name of its own behind the same nginx. */
async function setStage(t, { owner, application, hosts = () => [API] }) {
  const port = await freePort();
  const origin = (host) => `https://${host}:${port}`;
  const settings = { origins: [origin(APP)], hosts: hosts(port), credentials: true };
  const server = await startServer(APPLICATIONS[application], settings, () => {});
  t.after(() => server.stop());
  await startNginx(t, BLOCKS[owner], {
    port,
    upstream: server.origin('127.0.0.1'),
    pages: pages.origin('127.0.0.1'),
  });

  // The certificate is the test's own.
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  t.after(() => context.close());
  const page = await context.newPage();
  const network = await recordNetwork(page);
  await page.goto(`${origin(APP)}/`);
  return { context, network, nginx: { port, origin, page: origin(APP) }, page, server };
}

async function session(page, options) {
  await page.addScriptTag({ url: '/page.js', type: 'module' });
  return page.evaluate((o) => globalThis.session(o), options);
}

/** Why the browser let so many of the page's requests to `url` fail, once it has said so. */
async function failures(network, url, count) {
  const isFailed = ({ failure, method }) => method === 'POST' && failure !== undefined;
  const failed = () => network.to(url).filter(isFailed);
  await until(() => failed().length >= count);
  return failed().map(({ corsError, failure }) => corsError ?? failure);
}

function file(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}
