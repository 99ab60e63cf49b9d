import assert from 'node:assert/strict';
import { test } from 'node:test';

import { OTHER, setStage } from './stage.mjs';

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'page', version: '1' },
  },
});

for (const server of ['fastapi', 'express']) {
  for (const client of ['v1', 'v2']) {
    test(`${server}: refuses ${client} in a page that is not listed`, async (t) => {
      const stage = await setStage(t, { server, page: OTHER });

      const [connected] = await stage.session({ client });
      assert.equal(connected.ok, false);
      assert.match(connected.detail, /Failed to fetch/);

      const answered = stage.network.to(stage.url).filter(({ status }) => status !== undefined);
      assert.notEqual(answered.length, 0);
      for (const { method, status, responseHeaders } of answered) {
        assert.equal(`${method} ${status}`, 'OPTIONS 403');
        assertUnreadable(responseHeaders);
      }
      assertRefused(stage.decisions, { method: 'OPTIONS', reason: 'origin-not-allowed' });
    });
  }

  test(`${server}: refuses a request that needs no preflight before it is run`, async (t) => {
    const stage = await setStage(t, { server, page: OTHER });

    const answer = await post(stage, stage.url, 'text/plain');
    assert.equal(answer.error, 'TypeError');

    const [{ method, status, responseHeaders }] = stage.network.to(stage.url);
    assert.equal(`${method} ${status}`, 'POST 403');
    assert.equal(responseHeaders['mcp-session-id'], undefined);
    assertUnreadable(responseHeaders);
    assertRefused(stage.decisions, { method: 'POST', reason: 'origin-not-allowed' });
  });

  test(`${server}: tells a listed page that the host is wrong`, async (t) => {
    const stage = await setStage(t, { server });

    const answer = await post(stage, `${stage.server.origin(OTHER)}/mcp`, 'application/json');
    assert.equal(answer.status, 421);
    const { jsonrpc, error, ...rest } = JSON.parse(answer.body);
    assert.equal(jsonrpc, '2.0');
    assert.match(error.message, new RegExp(`${OTHER}`));
    assert.deepEqual(rest, {}, 'the error of a refusal has no id');
    assertRefused(stage.decisions, { method: 'POST', reason: 'host-not-allowed' });
  });

  test(`${server}: is not reached by a page whose name was rebound to it`, async (t) => {
    const stage = await setStage(t, { server });
    // The attacker's name, after its address changed to this server's: same origin for a browser.
    const rebound = stage.server.origin(OTHER);
    await stage.page.goto(`${rebound}/`);

    const answer = await post(stage, `${rebound}/mcp`, 'application/json');
    assert.equal(answer.status, 421);
    assertRefused(stage.decisions, { method: 'POST', reason: 'host-not-allowed' });

    const own = await post(stage, stage.url, 'application/json');
    assert.equal(own.error, 'TypeError');
    assertRefused(stage.decisions, { method: 'OPTIONS', reason: 'origin-not-allowed' });
  });
}

function post({ page }, url, type) {
  return page.evaluate(
    async ([url, type, body]) => {
      const headers = { accept: 'application/json, text/event-stream', 'content-type': type };
      try {
        const response = await fetch(url, { method: 'POST', headers, body });
        return { status: response.status, body: await response.text() };
      } catch (error) {
        return { error: error.name };
      }
    },
    [url, type, INITIALIZE],
  );
}

function assertUnreadable(responseHeaders) {
  const cors = Object.keys(responseHeaders).filter((name) => name.startsWith('access-control-'));
  assert.deepEqual(cors, []);
}

function assertRefused(decisions, { method, reason }) {
  const last = decisions.findLast((decision) => decision.method === method);
  assert.equal(last.reason, reason);
  assert.notEqual(last.verdict, 'allowed');
}
