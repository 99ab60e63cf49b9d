import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bundle } from 'crossgate-browser-harness/pages.mjs';
import { python, startServer } from 'crossgate-browser-harness/servers.mjs';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { until } from './until.mjs';
import { ask } from './wire.mjs';

const APP = 'app.localhost';
const API = 'api.app.localhost';
const PROGRAMS = {
  express: [process.execPath, fileURLToPath(new URL('oauth/server.mjs', import.meta.url))],
  fastapi: [python(), fileURLToPath(new URL('oauth/server.py', import.meta.url))],
};
/** The SDKs' own, each with headers of CORS that it writes itself. */
const SDKS = {
  'TypeScript SDK': [process.execPath, fileURLToPath(new URL('oauth/sdk.mjs', import.meta.url))],
  'Python SDK': [python(), fileURLToPath(new URL('oauth/sdk.py', import.meta.url))],
};
/** Paths that a server or a proxy may take for another than they are written as. */
const DISGUISES = [
  ...['/.well-known/../mcp', '/.well-known/./mcp', '/.well-known/x/../../mcp', '/.well-known//../mcp'],
  ...['/.well-known/%2e%2e/mcp', '/.well-known/..%2fmcp', '/.well-known/..\\mcp', '/.well-known'],
  ...['/token/../mcp', '/token/', '/token//', '/token/x', '/Token', '/%74oken', '/token%00', '/token;x'],
  ...['//register', '/./register', '/x/../register', '/register.', '\\register', '/mcp?/register'],
  ...['/authorize/../mcp', '/authorize/', '/authorize%2f..%2fmcp', '//authorize', '/%61uthorize'],
];
const BASIC = `Basic ${btoa('page:secret')}`;

useBrowser(async () => ({ '/page.js': await bundle(new URL('oauth/page.mjs', import.meta.url)) }));

for (const [language, command] of Object.entries(PROGRAMS)) {
  for (const client of ['v1', 'v2']) {
    test(`${language}: ${client} gets a token for its scope and resource`, async (t) => {
      const { context, events, network, page, server } = await setStage(t, command);
      const url = `${server.origin(API)}/mcp`;
      const tools = await connect(context, page, client, url);
      assert.ok(tools.includes('echo'));

      const { authorize } = await until(() => events.find((event) => event.authorize));
      assert.equal(authorize.scope, 'tools:call');
      assert.equal(authorize.resource, url);
      const granted = await until(() => events.find((event) => event.token));
      assert.equal(granted.token.resource, url);
      assert.equal(granted.authorization, BASIC);

      const sent = network.to(server.origin(API));
      const discovery = sent.filter(({ url }) => url.includes('/.well-known/'));
      for (const { method, status, requestHeaders, responseHeaders, url } of discovery) {
        // None failed, so that the client had no reason to try others, or again without the header.
        assert.ok(status < 400, `${method} ${url}: ${status}`);
        assert.equal(responseHeaders['access-control-allow-origin'], '*');
        if (method === 'GET') assert.ok(requestHeaders['mcp-protocol-version']);
      }
      const asked = new Set(discovery.map(({ url }) => new URL(url).pathname));
      assert.deepEqual([...asked].sort(), [
        '/.well-known/oauth-authorization-server',
        '/.well-known/oauth-protected-resource/mcp',
      ]);
      for (const path of ['/register', '/token']) {
        const methods = sent.filter(({ url }) => url.endsWith(path)).map(({ method }) => method);
        assert.deepEqual(methods.sort(), ['OPTIONS', 'POST'], path);
      }
    });
  }

  test(`${language}: an allowed page reads the challenge, a foreign one the documents`, async (t) => {
    const { events, network, page, server } = await setStage(t, command);
    const origin = server.origin(API);
    const challenged = await fetchIn(page, `${origin}/mcp`, { method: 'POST' });
    assert.equal(challenged.status, 401);
    assert.match(challenged.headers['www-authenticate'], /resource_metadata=.*scope="tools:call"/);

    await page.goto(`${pageOrigin('foreign.localhost')}/`);
    assert.equal((await fetchIn(page, `${origin}/mcp`, { method: 'POST' })).error, 'TypeError');
    const metadata = `${origin}/.well-known/oauth-authorization-server`;
    const document = await fetchIn(page, metadata, {
      headers: { 'MCP-Protocol-Version': '2025-11-25' },
    });
    assert.equal(JSON.parse(document.body).issuer, origin);
    const token = await fetchIn(page, `${origin}/token`, {
      method: 'POST',
      headers: {
        authorization: BASIC,
        'content-type': 'application/x-www-form-urlencoded',
        DPoP: 'proof',
      },
      body: new URLSearchParams({ grant_type: 'authorization_code' }).toString(),
    });
    assert.equal(JSON.parse(token.body).access_token, 'token');
    assert.equal(token.headers['dpop-nonce'], 'again');
    const { authorization, dpop } = await until(() => events.find((event) => event.token));
    assert.deepEqual({ authorization, dpop }, { authorization: BASIC, dpop: 'proof' });

    // It is for visitors, and no page may fetch it: neither this one nor one that is listed.
    for (const host of ['foreign.localhost', APP]) {
      await page.goto(`${pageOrigin(host)}/`);
      const { error } = await fetchIn(page, `${origin}/authorize?redirect_uri=${origin}/`);
      assert.equal(error, 'TypeError', host);
    }
    for (const { responseHeaders } of network.to(`${origin}/authorize`)) {
      assert.equal(responseHeaders['access-control-allow-origin'], undefined);
    }
  });

  test(`${language}: no disguise of an open path opens anything`, async (t) => {
    const server = await start(t, command);
    const from = (origin, path) => ask(server, { method: 'POST', path, headers: { origin } });
    const foreign = 'https://foreign.example';
    for (const path of ['/register', '/token', '/token?x']) {
      assert.equal((await from(foreign, path)).headers['access-control-allow-origin'], '*', path);
    }
    for (const path of DISGUISES) {
      const { status, headers } = await from(foreign, path);
      // What is no path at all is refused by the server before anybody decides.
      assert.ok([400, 403].includes(status), `${status} ${path}`);
      assert.equal(headers['access-control-allow-origin'], undefined, path);
    }
  });
}

for (const [name, command] of Object.entries(SDKS)) {
  for (const client of ['v1', 'v2']) {
    test(`${name}: ${client} gets a token of its authorization server`, async (t) => {
      const { context, events, network, page, server } = await setStage(t, command);
      // The issuer may be without TLS under this name.
      const url = `${server.origin('localhost')}/mcp`;
      assert.ok((await connect(context, page, client, url)).includes('echo'));

      const { authorize } = await until(() => events.find((event) => event.authorize));
      assert.deepEqual(authorize, { scope: 'tools:call', resource: url });
      const { token } = await until(() => events.find((event) => event.token));
      assert.equal(token.resource, url);
      const answered = network
        .to(server.origin('localhost'))
        .filter(({ status }) => status !== undefined);
      const open = /\/(\.well-known\/.*|register|token)$/;
      for (const { method, responseHeaders, url } of answered) {
        // A header that came twice would be both values here.
        const reader = open.test(url) ? '*' : pageOrigin(APP);
        assert.equal(responseHeaders['access-control-allow-origin'], reader, `${method} ${url}`);
      }
    });
  }
}

/** Connects the client of a page as its visitor would, and gives the tools that it is shown. */
async function connect(context, page, client, url) {
  const address = await page.evaluate(([c, u]) => globalThis.connect(c, u), [client, url]);
  // The visitor goes there and comes back.
  const visit = await context.newPage();
  await visit.goto(address);
  const back = new URL(visit.url());
  assert.equal(`${back.origin}${back.pathname}`, `${pageOrigin(APP)}/back`);
  return page.evaluate((c) => globalThis.finish(c), back.searchParams.get('code'));
}

async function setStage(t, command) {
  const server = await start(t, command);
  const opened = await openPage(t, `${pageOrigin(APP)}/`);
  await opened.page.addScriptTag({ url: '/page.js', type: 'module' });
  return { ...opened, events: server.events, server };
}

async function start(t, command) {
  const events = [];
  const settings = { origins: [pageOrigin(APP)], hosts: [API] };
  const server = await startServer(command, settings, (event) => events.push(event));
  t.after(() => server.stop());
  return { ...server, events };
}
