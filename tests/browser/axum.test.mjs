// examples/axum-mcp, called by pages.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launchChromium } from 'crossgate-browser-harness/chromium.mjs';
import { servePages } from 'crossgate-browser-harness/pages.mjs';

const PROGRAM = fileURLToPath(new URL('../../target/axum/debug/axum-mcp', import.meta.url));
const PROTOCOL = '2025-11-25';
let browser;
let pages;
let server;
let port;

before(async () => {
  browser = await launchChromium();
  pages = await servePages();
  server = spawn(PROGRAM, {
    env: {
      ...process.env,
      LISTEN: '127.0.0.1:0',
      ALLOW_ORIGINS: pages.origin('app.example.test'),
      ALLOW_HOSTS: 'mcp.example.test',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    port = Number(/:(\d+)\/mcp$/.exec(line)[1]);
    break;
  }
});

after(async () => {
  server?.kill();
  pages?.stop();
  await browser?.close();
});

/** A session by `fetch` alone, in a page; what it could read, or what stopped it. */
async function sessionFrom(host, name = 'mcp.example.test') {
  const page = await browser.newPage();
  await page.goto(`${pages.origin(host)}/`);
  const result = await page.evaluate(
    async ([url, protocol]) => {
      const headers = {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': protocol,
      };
      const call = async (body) => {
        const message = JSON.stringify({ jsonrpc: '2.0', ...body });
        const response = await fetch(url, { method: 'POST', headers, body: message });
        const text = await response.text();
        return { status: response.status, session: response.headers.get('mcp-session-id'), text };
      };
      try {
        const params = {
          protocolVersion: protocol,
          capabilities: {},
          clientInfo: { name: 'page', version: '1' },
        };
        const initialized = await call({ id: 1, method: 'initialize', params });
        if (initialized.session === null) return initialized;
        headers['mcp-session-id'] = initialized.session;
        await call({ method: 'notifications/initialized' });
        const echo = { name: 'echo', arguments: { text: 'hello from a page' } };
        const echoed = await call({ id: 2, method: 'tools/call', params: echo });
        const ended = await fetch(url, { method: 'DELETE', headers });
        return { ...echoed, session: initialized.session, ended: ended.status };
      } catch (error) {
        return { error: error.message };
      }
    },
    [`http://${name}:${port}/mcp`, PROTOCOL],
  );
  await page.close();
  return result;
}

test('an allowed page runs a whole session', async () => {
  const result = await sessionFrom('app.example.test');
  assert.equal(result.status, 200);
  assert.match(result.text, /hello from a page/);
  assert.ok(result.session);
  assert.ok(result.ended < 300, `DELETE: ${result.ended}`);
});

test('a foreign page reads nothing', async () => {
  assert.deepEqual(await sessionFrom('evil.example.test'), { error: 'Failed to fetch' });
});

test('an allowed page can read that the Host is not listed', async () => {
  const result = await sessionFrom('app.example.test', 'other.example.test');
  assert.equal(result.status, 421);
  assert.match(result.text, /other\.example\.test/);
});

test('a probe reaches the health path by any name', async () => {
  const status = await new Promise((resolve, reject) => {
    const headers = { host: '10.0.0.7' };
    const probe = request({ host: '127.0.0.1', port, path: '/healthz', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    probe.on('error', reject).end();
  });
  assert.equal(status, 200);
});
