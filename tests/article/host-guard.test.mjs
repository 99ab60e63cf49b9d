import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LANGUAGES, startExample } from './servers.mjs';
import { send } from './raw.mjs';

const APP = 'https://app.example.com';
const ORIGINS = [APP, 'http://localhost:3000'];
const HOSTS = ['mcp.example.com'];

/** What the Origin lines are, and the status: 200 is an answer of the MCP server itself. */
const ORIGIN_ROWS = [
  [[], 200],
  [[APP], 200],
  [[` \t${APP} `], 200],
  [['http://localhost:3000'], 200],
  [['http://127.0.0.1:PORT'], 200], // the server's own page
  [['http://localhost:31337'], 403], // another program of this machine
  [['http://localhost'], 403],
  [['https://localhost'], 403],
  [['https://localhost:3000'], 403],
  [['http://localhost:evil'], 403],
  [['http://localhost:99999'], 403],
  [['http://localhost:03000'], 403],
  [['http://localhost:1@evil.com'], 403],
  [['http://localhost:3, http://evil.com'], 403],
  [['ftp://localhost:3000'], 403],
  [['chrome-extension://localhost'], 403],
  [['http://localhost:3000/path'], 403],
  [['http://user@localhost:3000'], 403],
  [['http://127.1:3000'], 403],
  [['http://[::1]:3000'], 403],
  [['http://[::1:3000'], 403],
  [['null'], 403],
  [['file://'], 403],
  [[''], 403],
  [['http://evil.com'], 403],
  [['http://app.example.com'], 403],
  [[`${APP}:443`], 403],
  [[`${APP}:8443`], 403],
  [[`${APP}/`], 403],
  [[`${APP}.`], 403],
  [[`${APP}.evil.com`], 403],
  [[`${APP}@evil.com`], 403],
  [['https://evil-app.example.com'], 403],
  [['HTTPS://APP.EXAMPLE.COM'], 403],
  [[`${APP}, ${APP}`], 403],
  [[APP, APP], 403],
  [[APP, 'http://evil.com'], 403],
];

/** The same of the Host lines. */
const HOST_ROWS = [
  [['mcp.example.com'], 200],
  [['mcp.example.com:8443'], 200],
  [['MCP.EXAMPLE.COM'], 200],
  [['mcp.example.com.'], 200],
  [['localhost:PORT'], 200],
  [['127.0.0.1'], 200],
  [['[::1]:PORT'], 200],
  [['evil.com'], 421],
  [['evil.com:PORT'], 421],
  [['evil.mcp.example.com'], 421],
  [['mcp.example.com.evil.com'], 421],
  [['localhost.evil.com'], 421],
  [['0.0.0.0:PORT'], 421],
  [['[::2]:PORT'], 421],
  [['mcp.default.svc'], 421],
  [['mcp.default.svc.cluster.local'], 421],
  [['0x7f.0.0.1'], 400], // no address as https://url.spec.whatwg.org/#host-serializing writes it
  [['127.1'], 400],
  [['localhost/x'], 400],
  [['localhost#x'], 400],
  [['a@localhost'], 400],
  [['localhost:evil'], 400],
  [['localhost:99999'], 400],
  [['localhost, evil.com'], 400],
  [['[::1'], 400],
  [[''], 400],
  [[], 400],
  [['mcp.example.com', 'evil.com'], 400],
  [['mcp.example.com', 'mcp.example.com'], 400],
];

for (const language of LANGUAGES) {
  test(`${language}: answers every Origin as it must`, async (t) => {
    const port = await start(t, language);
    for (const [origins, status] of ORIGIN_ROWS) {
      const lines = ['Host: 127.0.0.1:PORT', ...origins.map((origin) => `Origin: ${origin}`)];
      const answer = await send(port, { lines: withPort(lines, port) });
      const listed = ORIGINS.includes(origins[0]?.trim()) ? origins[0].trim() : undefined;
      assertAnswer(answer, { status, label: lines.join(), reader: status === 200 && listed });
    }
  });

  test(`${language}: answers every Host as it must`, async (t) => {
    const port = await start(t, language);
    for (const [hosts, status] of HOST_ROWS) {
      const lines = withPort(hosts.map((host) => `Host: ${host}`), port);
      const answer = await send(port, { lines });
      assertAnswer(answer, { status, label: lines.join() });
    }
  });

  test(`${language}: judges Host and Origin together`, async (t) => {
    const port = await start(t, language);
    for (const [host, origin, status, reader] of [
      ['evil.com', 'http://evil.com', 421], // rebound
      ['evil.com', APP, 421, APP], // an allowed page can read what is wrong
      ['localhost:evil', APP, 400, APP],
      ['mcp.example.com', 'http://evil.com', 403],
      ['mcp.example.com', APP, 200, APP],
    ]) {
      const lines = [`Host: ${host}`, `Origin: ${origin}`];
      const answer = await send(port, { lines });
      assertAnswer(answer, { status, label: lines.join(), reader });
    }
  });

  test(`${language}: refuses in a preflight what it would refuse after it`, async (t) => {
    const port = await start(t, language);
    for (const [origins, allowed] of ORIGIN_ROWS) {
      // Without an Origin, or from the server's own page, no browser sends one.
      if (origins.length === 0 || origins[0].includes('PORT')) continue;
      const lines = [
        'Host: mcp.example.com',
        ...origins.map((origin) => `Origin: ${origin}`),
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Headers: content-type',
      ];
      const { status, headers } = await send(port, { method: 'OPTIONS', lines, body: '' });
      assert.equal(status, allowed === 200 ? 204 : 403, origins.join());
      const reader = allowed === 200 ? [origins[0].trim()] : undefined;
      assert.deepEqual(headers['access-control-allow-origin'], reader, origins.join());
    }
  });
}

async function start(t, language) {
  const settings = { origins: ORIGINS, hosts: HOSTS };
  const server = await startExample(t, `${language}-mcp`, language, settings);
  return Number(new URL(server.origin('127.0.0.1')).port);
}

const withPort = (lines, port) => lines.map((line) => line.replace('PORT', port));

/** The answer is the server's own, or one error and nothing else. */
function assertAnswer({ status, headers, body }, { status: wanted, label, reader }) {
  assert.equal(status, wanted, `${label}: ${body}`);
  assert.deepEqual(headers['access-control-allow-origin'], reader ? [reader] : undefined, label);
  assert.equal(headers['mcp-session-id'] !== undefined, status === 200, label);
  if (status === 403 || status === 421) {
    const { jsonrpc, error, ...rest } = JSON.parse(body);
    assert.equal(jsonrpc, '2.0');
    assert.equal(error.code, -32000);
    assert.deepEqual(rest, {}, 'the error of a refusal has no id');
  }
}
