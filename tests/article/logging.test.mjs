import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { LANGUAGES, startExample } from './servers.mjs';
import { until } from './until.mjs';
import { ask } from './wire.mjs';

useBrowser();

const [APP, API, OTHER] = ['app.example.test', 'api.example.test', 'other.example.test'];

// Bytes, each written as the character of its number.
const [COLOUR, BROKEN] = ['\x9b31mred', '\xff\xfe\xc3('];
const HOSTILE = {
  'a colour of a terminal': '\x1b[31mred',
  'a colour in one byte': COLOUR,
  'no UTF-8': BROKEN,
  'a line of its own': 'x\r\n\r\nallowed actual "GET" "/admin"',
  'a line feed alone': 'x\nallowed actual "GET" "/admin"',
  'a carriage return alone': 'x\rallowed actual "GET" "/admin"',
  'a bell and a delete': 'x\x07\x7f',
  'quotes': `"'\`{}`,
};

for (const language of LANGUAGES) {
  test(`${language}: preflights and refusals are logged, and what is no page's`, async (t) => {
    const server = await start(t, language);
    const url = `${server.origin(API)}/weather`;
    const put = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' };
    for (const host of [APP, OTHER]) {
      const { page } = await openPage(t, `${pageOrigin(host)}/`);
      await fetchIn(page, url);
      await fetchIn(page, url, put);
    }
    await ask(server, { path: '/weather' });

    const [app, other] = [APP, OTHER].map(pageOrigin);
    const expected = [
      ['allowed', 'actual', 'GET', app],
      ['allowed', 'preflight', 'OPTIONS', app],
      ['allowed', 'actual', 'PUT', app],
      ['refused', 'actual', 'GET', other],
      ['refused', 'preflight', 'OPTIONS', other],
      ['not-cors', 'actual', 'GET', null],
    ];
    await until(() => server.events.length === expected.length);
    assert.deepEqual(
      server.events.map(({ verdict, leg, method, origin }) => [verdict, leg, method, origin]),
      expected,
    );
    for (const { time, path, client, reason, message, verdict, origin } of server.events) {
      assert.ok(time > 1.7e9);
      assert.deepEqual({ path, client }, { path: '/weather', client: '127.0.0.1' });
      const refused = verdict === 'refused';
      assert.equal(reason, refused ? 'origin-not-allowed' : null);
      assert.equal(message, refused ? `origin \`${origin}\` is not allowed` : null);
    }

    // The console says the same.
    const lines = server.lines();
    assert.equal(lines.length, expected.length);
    for (const [nth, [verdict, leg, method, origin]] of expected.entries()) {
      const line = lines[nth].replaceAll("'", '"');
      const from = origin === null ? '(null|None)' : `"${origin}"`;
      assert.match(line, new RegExp(`^${verdict} ${leg} "${method}" "/weather" from ${from}`));
      assert.equal(line.endsWith(' is not allowed'), verdict === 'refused');
    }
  });

  test(`${language}: nothing that a stranger sends can forge or break a line`, async (t) => {
    const server = await start(t, language);
    for (const value of Object.values(HOSTILE)) {
      // What is no HTTP is refused by the server before anybody decides.
      for (const request of places(value)) await ask(server, request);
    }
    await ask(server, { path: '/last' });
    await until(() => server.events.at(-1)?.path === '/last' && /['"]\/last/.test(server.written()));
    assert.match(server.written(), /^[\x20-\x7e\n]*$/);
    assert.equal(server.lines().length, server.events.length);
    assert.ok(server.events.length > Object.keys(HOSTILE).length);
    for (const [nth, line] of server.lines().entries()) {
      const { verdict, leg } = server.events[nth];
      assert.ok(line.startsWith(`${verdict} ${leg} `), line);
      assert.doesNotMatch(line, /^\S+ \S+ \S+ .\/admin/);
    }

    // Escaped, not lost.
    const known = server.events.map(({ origin }) => origin);
    assert.ok(known.includes(COLOUR));
    assert.ok(known.includes(BROKEN));
    const messages = server.events.map(({ message }) => message).join('\n');
    assert.match(messages, /origin `\\(x9b|u\{9b\})31mred` /);
    assert.match(messages, /method `\\(x9b|u\{9b\})31mred` /);
    assert.match(messages, /header `\\(xff|u\{ff\})\\(xfe|u\{fe\})/);
  });
}

/** Requests with a stranger's text wherever a log could show it. */
function places(value) {
  const origin = pageOrigin(APP);
  const preflight = (method, headers) => ({
    method: 'OPTIONS',
    path: '/weather',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': headers,
    },
  });
  return [
    { path: '/weather', headers: { origin: value } },
    { path: `/weather/${value}`, headers: { origin } },
    { path: `/weather/${percent(value)}`, headers: { origin } },
    { method: `GET${value}`, path: '/weather', headers: { origin } },
    preflight(value),
    preflight('PUT', value),
    { path: '/weather', headers: { origin, host: value } },
  ];
}

const percent = (bytes) =>
  [...bytes].map((byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');

async function start(t, language) {
  const settings = { origins: [pageOrigin(APP)], hosts: [API] };
  const server = await startExample(t, 'logging', language, settings);
  // Beside them a server may say of itself what it has to say.
  const written = () => server.printed().split(/^.*\bon http:.*\n/m)[1];
  const own = /^(INFO|WARNING):|^$/;
  const lines = () => written().split('\n').filter((line) => !own.test(line));
  return { ...server, lines, written };
}
