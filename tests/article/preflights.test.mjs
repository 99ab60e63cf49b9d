import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bundle } from 'crossgate-browser-harness/pages.mjs';
import { python, SERVERS, startServer } from 'crossgate-browser-harness/servers.mjs';

import { openPage, pageOrigin, useBrowser } from './browser.mjs';
import { until } from './until.mjs';

const APP = 'app.localhost';
const API = 'api.app.localhost';

const NODE = [process.execPath, file('bare/server.mjs')];
const PYTHON = [python(), file('bare/server.py')];

/** What the MCP SDKs recommend to give to npm `cors` and to Starlette's middleware. */
const NPM_CORS = {
  exposedHeaders: ['WWW-Authenticate', 'Mcp-Session-Id', 'Last-Event-Id', 'Mcp-Protocol-Version'],
};
const STARLETTE = { allow_methods: ['GET', 'POST', 'DELETE'], expose_headers: ['Mcp-Session-Id'] };
const STARLETTE_HEADERS = [
  ...['Authorization', 'Content-Type', 'Last-Event-ID', 'Mcp-Session-Id', 'Mcp-Protocol-Version'],
  ...['Mcp-Method', 'Mcp-Name'],
];

const CASES = {
  'Crossgate, Express': { command: SERVERS.express },
  'Crossgate, FastAPI': { command: SERVERS.fastapi },
  'npm `cors`': {
    command: NODE,
    cors: (origin, credentials) => ({ ...NPM_CORS, origin, credentials }),
  },
  'Starlette, a list of headers': {
    command: PYTHON,
    cors: starlette(STARLETTE_HEADERS),
  },
  'Starlette, `*`': { command: PYTHON, cors: starlette(['*']) },
};

useBrowser(async () => ({
  '/page.js': await bundle(new URL('../browser/page.mjs', import.meta.url)),
}));

const OURS = ['Crossgate, Express', 'Crossgate, FastAPI'];

/** What a page calls, one after the other, and whether its browser has to ask first. */
const JSON_TYPE = { 'content-type': 'application/json' };
const SESSION = { 'mcp-session-id': '1', 'mcp-protocol-version': '2025-11-25' };
const CALLS = [
  [{ headers: JSON_TYPE }, true],
  [{ headers: { ...JSON_TYPE, ...SESSION } }, false],
  [{ method: 'GET', headers: { ...SESSION, 'last-event-id': '1' } }, false],
  [{ method: 'DELETE', headers: SESSION }, false],
  [{ headers: { ...JSON_TYPE, 'mcp-method': 'tools/call', 'mcp-name': 'echo' } }, false],
  [{ headers: { authorization: 'Bearer a' } }, false],
  [{ credentials: 'include', headers: JSON_TYPE }, true],
  [{ credentials: 'include', method: 'DELETE', headers: SESSION }, false],
  [{ headers: { 'mcp-param-region': 'eu' } }, true],
  [{ headers: { ...JSON_TYPE, 'mcp-param-region': 'us' } }, false],
  [{ headers: { 'mcp-param-region': 'eu', 'mcp-param-zone': '1' } }, true],
  [{ headers: { 'mcp-param-zone': '2' } }, false],
  [{ credentials: 'include', headers: { 'mcp-param-zone': '3' } }, true],
  [{ path: '?another', headers: JSON_TYPE }, true],
];

test('a session takes the fewest preflights that are possible, the next one none', async (t) => {
  for (const name of OURS) {
    for (const credentials of ['omit', 'include']) {
      for (const client of ['v1', 'v2']) {
        // One for the URL, one more for the header that the tool's parameter is mirrored into.
        const fewest = client === 'v1' ? 1 : 2;
        const counts = await count(t, { ...CASES[name], client, credentials, sessions: 2 });
        assert.deepEqual(counts, [fewest, 0], `${name}, ${client}, ${credentials}`);
        assert.equal(await stated(name, client), String(fewest));
      }
    }
  }
  for (const name of Object.keys(CASES).filter((name) => !OURS.includes(name))) {
    for (const client of ['v1', 'v2']) {
      const [counted] = await count(t, { ...CASES[name], client, credentials: 'omit', sessions: 1 });
      const wanted = await stated(name, client);
      if (typeof counted === 'string') assert.equal(counted, wanted);
      // A slow run outlives the five seconds for which an answer without an age is kept.
      else assert.ok(counted >= Number(wanted), `${name}, ${client}: ${counted}`);
    }
  }
});

for (const name of OURS) {
  test(`${name}: a browser asks again for a URL, a credentials mode, a parameter, and nothing else`, async (t) => {
    const origin = pageOrigin(APP);
    const settings = { origins: [origin], hosts: [API], credentials: true };
    const server = await startServer(CASES[name].command, settings, () => {});
    t.after(() => server.stop());
    const { network, page } = await openPage(t, `${origin}/`);
    const url = `${server.origin(API)}/mcp`;
    for (const [what, asks] of CALLS) {
      const { path = '', method = 'POST', credentials = 'omit', headers } = what;
      const before = network.to(url).length;
      await page.evaluate(
        ([url, options]) => fetch(url, options).then((response) => response.body?.cancel()),
        [`${url}${path}`, { method, credentials, headers }],
      );
      if (asks) await until(() => network.to(url).length >= before + 2);
      const sent = network.to(url).slice(before).map(({ method }) => method);
      const expected = [...(asks ? ['OPTIONS'] : []), method];
      assert.deepEqual(sent.sort(), expected.sort(), JSON.stringify(what));
    }
  });
}

/** What the README's table says. */
async function stated(name, client) {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const row = readme.split('\n').find((line) => line.startsWith(`| ${name} |`));
  return row.split('|')[client === 'v1' ? 2 : 3].trim();
}

/** How many preflights each of a page's sessions took, or at which step one failed. */
async function count(t, { command, cors, client, credentials, sessions }) {
  const origin = pageOrigin(APP);
  const credentialed = credentials === 'include';
  const env = cors && { CORS: JSON.stringify(cors(origin, credentialed)) };
  const settings = { origins: [origin], hosts: [API], credentials: credentialed, env };
  const server = await startServer(command, settings, () => {});
  try {
    const url = `${server.origin(API)}/mcp`;
    const { network, page } = await openPage(t, `${origin}/`);
    await page.addScriptTag({ url: '/page.js', type: 'module' });
    const preflights = () => network.to(url).filter(({ method }) => method === 'OPTIONS').length;
    const counts = [];
    while (counts.length < sessions) {
      const before = preflights();
      const steps = await page.evaluate((o) => globalThis.session(o), { client, url, credentials });
      const failed = steps.find(({ ok }) => !ok);
      counts.push(failed ? `fails: ${failed.step}` : preflights() - before);
    }
    return counts;
  } finally {
    await server.stop();
  }
}

function starlette(headers) {
  return (origin, credentials) => ({
    ...STARLETTE,
    allow_origins: [origin],
    allow_credentials: credentials,
    allow_headers: headers,
  });
}

function file(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}
