import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { LANGUAGES, startExample } from './servers.mjs';
import { until } from './until.mjs';
import { ask } from './wire.mjs';

useBrowser();

const API = 'api.example.test';
const LISTED = 'https://app.example.com';
const TENANT = 'https://shop.example.com';

for (const language of LANGUAGES) {
  test(`${language}: a change of the list counts for the next request`, async (t) => {
    const { server, tenants } = await start(t, language);
    const [shop, other] = ['shop.example.test', 'other.example.test'].map(pageOrigin);
    const { page } = await openPage(t, `${shop}/`);
    const url = `${server.origin(API)}/orders`;
    const post = (what) =>
      fetchIn(page, url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ what }),
      });

    await tenants(other);
    assert.deepEqual(await fetchIn(page, url), { error: 'TypeError' });
    assert.deepEqual(await post('coffee'), { error: 'TypeError' });

    await tenants(other, shop);
    assert.deepEqual(JSON.parse((await fetchIn(page, url)).body), [{ id: 1, what: 'tea' }]);
    const { status, body } = await post('coffee');
    assert.equal(status, 201);
    assert.deepEqual(JSON.parse(body), { id: 2, what: 'coffee' });

    await tenants(other);
    assert.deepEqual(await fetchIn(page, url), { error: 'TypeError' });
  });

  test(`${language}: requests without Origin pass, and listed origins, whatever fails`, async (t) => {
    const { server } = await start(t, language);
    for (const [origin, allowed] of [[undefined, undefined], [LISTED, LISTED]]) {
      const { status, headers, body } = await ask(server, { path: '/orders', headers: { origin } });
      assert.equal(status, 200);
      assert.equal(headers['access-control-allow-origin'], allowed);
      assert.match(headers.vary, /\bOrigin\b/);
      assert.equal(JSON.parse(body)[0].what, 'tea');
    }
  });

  test(`${language}: a refusal is 403 in JSON`, async (t) => {
    const { server, tenants } = await start(t, language);
    await tenants(TENANT);
    for (const origin of [
      'https://evil.example',
      `${TENANT}.evil.example`,
      TENANT.toUpperCase(),
      'null',
      [TENANT, TENANT],
    ]) {
      for (const request of REQUESTS) {
        assertRefusal(await ask(server, asking(request, origin)), request);
      }
    }
    const said = await ask(server, { path: '/orders', headers: { origin: 'https://evil.example' } });
    assert.match(JSON.parse(said.body).error.message, /`https:\/\/evil\.example`/);
  });

  test(`${language}: a function that fails refuses, and only the log says why`, async (t) => {
    const { server } = await start(t, language);
    for (const request of REQUESTS) {
      const answer = await ask(server, asking(request, TENANT));
      assertRefusal(answer, request);
      assert.doesNotMatch(answer.body, /ENOENT|FileNotFound|tenants\.txt/);
    }
    await until(() => server.events.length === REQUESTS.length);
    for (const { verdict, reason, error } of server.events) {
      assert.deepEqual({ verdict, reason }, { verdict: 'refused', reason: 'origin-not-allowed' });
      assert.match(error, /ENOENT|FileNotFound/);
    }
  });
}

const REQUESTS = [
  { method: 'GET' },
  { method: 'POST', type: 'application/json' },
  { method: 'OPTIONS', asked: 'POST' },
];

function asking({ method, type, asked }, origin) {
  const body = method === 'POST' ? '{"what":"coffee"}' : '';
  const headers = { origin, 'content-type': type, 'access-control-request-method': asked };
  return { method, path: '/orders', headers, body };
}

function assertRefusal({ status, headers, body }, { method }) {
  assert.equal(status, 403);
  assert.match(headers['content-type'], /^application\/json/);
  assert.deepEqual(Object.keys(JSON.parse(body)), ['jsonrpc', 'error'], method);
  assert.doesNotMatch(body, /\bat \S+:\d+|Traceback|<html/);
  assert.match(headers.vary, /\bOrigin\b/);
  const granted = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
  assert.deepEqual(granted, []);
}

async function start(t, language) {
  const directory = await mkdtemp(join(tmpdir(), 'crossgate-tenants-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'tenants.txt');
  const settings = { origins: [LISTED], hosts: [API], env: { TENANTS_FILE: file } };
  const server = await startExample(t, 'origin-function', language, settings);
  return { server, tenants: (...origins) => writeFile(file, `${origins.join('\n')}\n`) };
}
