import assert from 'node:assert/strict';
import { test } from 'node:test';

import { STEPS } from 'crossgate-demo/session.mjs';

import { setStage } from './stage.mjs';

const CLIENTS = [
  { client: 'v1', worker: false },
  { client: 'v2', worker: false },
  { client: 'v2', worker: true },
];

for (const server of ['fastapi', 'express']) {
  for (const credentials of ['omit', 'include']) {
    for (const { client, worker } of CLIENTS) {
      const where = worker ? 'a worker' : 'a page';
      test(`${server}: ${client} in ${where}, credentials: ${credentials}`, async (t) => {
        const credentialed = credentials === 'include';
        const stage = await setStage(t, { server, credentials: credentialed });
        await stage.context.addCookies([{ name: 'user', value: 'ada', url: stage.url }]);

        const steps = await stage.session({ client, credentials }, { worker });
        assert.deepEqual(steps.filter(({ ok }) => !ok), []);
        assert.deepEqual(steps.map(({ step }) => step), STEPS[client]);

        const exchanges = stage.network.to(stage.url);
        assertReadable(exchanges, { origin: stage.origin, credentialed });
        assertCookies(exchanges, credentialed ? 'user=ada' : undefined);
        if (client === 'v1') assertStreamAndEnd(exchanges);
        if (client === 'v2') assertMirrored(exchanges);
      });
    }
  }
}

/** Every answer is one that the page may read, and no cache may mix up with another page's. */
function assertReadable(exchanges, { origin, credentialed }) {
  for (const { method, status, responseHeaders } of exchanges) {
    const label = `${method} ${status}`;
    // A header that came twice would be both values here.
    assert.equal(responseHeaders['access-control-allow-origin'], origin, label);
    const allowCredentials = responseHeaders['access-control-allow-credentials'];
    assert.equal(allowCredentials, credentialed ? 'true' : undefined, label);
    assert.match(responseHeaders.vary, /(^|, )origin(,|$)/i, label);
  }
}

function assertCookies(exchanges, cookie) {
  for (const { method, requestHeaders } of exchanges) {
    // https://fetch.spec.whatwg.org/#cors-preflight-fetch: never with credentials.
    const expected = method === 'OPTIONS' ? undefined : cookie;
    assert.equal(requestHeaders.cookie, expected, method);
  }
}

function assertStreamAndEnd(exchanges) {
  const streams = exchanges.filter(({ method }) => method === 'GET');
  assert.equal(streams.length, 1);
  assert.match(streams[0].responseHeaders['content-type'], /^text\/event-stream/);
  assert.ok(exchanges.some(({ method }) => method === 'DELETE'));
}

function assertMirrored(exchanges) {
  const named = exchanges.filter(({ requestHeaders }) => requestHeaders['mcp-param-region']);
  const values = named.map(({ requestHeaders }) => requestHeaders['mcp-param-region']);
  assert.deepEqual(values, ['eu-west']);
  const asked = ({ requestHeaders }) =>
    requestHeaders['access-control-request-headers']?.split(',').includes('mcp-param-region');
  const preflight = exchanges.find(asked);
  assert.ok(preflight, 'no preflight asked for the mirrored header');
  const admitted = preflight.responseHeaders['access-control-allow-headers'];
  assert.match(admitted, /(^|, )mcp-param-region(,|$)/i);
}
