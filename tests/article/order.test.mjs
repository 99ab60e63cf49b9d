import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { python, startServer } from 'crossgate-browser-harness/servers.mjs';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { until } from './until.mjs';
import { ask } from './wire.mjs';

const [APP, OTHER, API] = ['app.example.test', 'other.example.test', 'api.example.test'];
const PROGRAMS = {
  express: [process.execPath, fileURLToPath(new URL('order/server.mjs', import.meta.url))],
  fastapi: [python(), fileURLToPath(new URL('order/server.py', import.meta.url))],
};
const TOKEN = { authorization: 'Bearer token' };

useBrowser();

for (const [language, command] of Object.entries(PROGRAMS)) {
  test(`${language}: one call comes before the limits, the token and the bodies`, async (t) => {
    const events = [];
    const settings = { origins: [pageOrigin(APP)], hosts: [API] };
    const server = await startServer(command, settings, (event) => events.push(event));
    t.after(() => server.stop());
    const url = `${server.origin(API)}/mcp`;
    const foreign = await openPage(t, `${pageOrigin(OTHER)}/`);
    const { network, page } = await openPage(t, `${pageOrigin(APP)}/`);
    const call = (from, headers, body) =>
      fetchIn(from, url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });

    assert.deepEqual(await call(foreign.page, TOKEN, '{}'), { error: 'TypeError' });
    assert.deepEqual(await fetchIn(foreign.page, url, { method: 'POST' }), { error: 'TypeError' });
    assert.equal((await ask(server, { path: '/mcp', headers: { host: OTHER } })).status, 421);

    const nobody = await call(page, {}, '{}');
    assert.equal(nobody.status, 401);
    assert.equal(nobody.headers['www-authenticate'], 'Bearer');
    assert.ok([400, 422].includes((await call(page, TOKEN, '{')).status));
    assert.equal((await call(page, TOKEN, '{"a":1}')).body, '{"a":1}');
    assert.equal((await fetchIn(page, `${url}/nowhere`, { headers: TOKEN })).status, 404);
    const many = await call(page, TOKEN, '{}');
    assert.equal(many.status, 429);
    assert.equal(many.headers['retry-after'], '60');

    // Neither preflights nor what was refused came as far as the limit.
    const preflights = network.to(url).filter(({ method }) => method === 'OPTIONS');
    assert.deepEqual(preflights.map(({ status }) => status), [204, 204]);
    await until(() => events.length >= 5);
    const reached = events.map(({ reached }) => reached);
    assert.deepEqual(reached, ['POST', 'POST', 'POST', 'GET', 'POST']);
  });
}
