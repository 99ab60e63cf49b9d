import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lineOf, reportOf } from 'crossgate-demo/report.mjs';

const EXCHANGE = {
  time: 0,
  method: 'POST',
  path: '/mcp',
  status: 403,
  decision: { verdict: 'refused', reason: 'origin-not-allowed' },
  requestHeaders: { origin: 'https://evil.example', cookie: 'user=ada' },
  headers: [
    ['vary', 'Origin'],
    ['set-cookie', 'user=eve'],
  ],
};

test('the demo relays no header but those of CORS', () => {
  const { asked, sent } = reportOf('Express', EXCHANGE);
  assert.deepEqual(asked, [['origin', 'https://evil.example']]);
  assert.deepEqual(sent, [['vary', 'Origin']]);
});

test('the demo writes a decision on one line, whatever the request sent', () => {
  const path = '/\u001b[2J\r\n\u009b31m\u202e\u{1f600}';
  const origin = 'https://evil\n.example';
  const line = lineOf(reportOf('Express', { ...EXCHANGE, path, requestHeaders: { origin } }));
  assert.match(line, /^[\x20-\x7e]+$/);
  assert.ok(line.includes('/\\u{1b}[2J\\u{d}\\u{a}\\u{9b}31m\\u{202e}\\u{1f600}'));
  assert.ok(line.endsWith('https://evil\\u{a}.example  refused: origin-not-allowed'));
});
