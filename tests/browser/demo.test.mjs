import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchChromium } from 'crossgate-browser-harness/chromium.mjs';
import { startDemo } from 'crossgate-demo/demo.mjs';
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

let browser;
let demo;
let page;
const printed = [];

before(async () => {
  demo = await startDemo([0, 0], () => {});
  browser = await launchChromium();
  page = await browser.newPage();
  page.on('console', (message) => printed.push(message.text()));
  await page.goto(demo.allowed);
  await tried();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** The option's name in the language of the server. */
const METHODS = { Express: 'methods', FastAPI: 'allow_methods' };
const HEADERS = { Express: 'allowedHeaders', FastAPI: 'allow_headers' };

/** What is chosen, what arrives at the server, and what the page says of it. */
const REQUESTS = [
  {
    name: 'an allowed request',
    chosen: { method: 'POST', headers: 'Mcp-Session-Id: 1\nMcp-Param-Region: eu' },
    arrived: ['OPTIONS', 'POST'],
    verdict: 'allowed',
    reads: true,
  },
  {
    name: 'a request without a preflight',
    chosen: { method: 'GET' },
    arrived: ['GET'],
    verdict: 'allowed',
    reads: true,
  },
  {
    name: 'a method and a header that are not listed',
    chosen: { method: 'PUT', headers: 'X-Api-Key: 1' },
    arrived: ['OPTIONS'],
    verdict: 'refused on the preflight request',
    fix: (server) => `add \`PUT\` to ${METHODS[server]}; add \`x-api-key\` to ${HEADERS[server]}`,
  },
  {
    name: 'cookies where there are to be none',
    chosen: { method: 'GET', credentials: true },
    arrived: ['GET'],
    verdict: 'refused on the actual request',
    fix: () => 'or let the page leave out credentials',
  },
  {
    name: 'a page that is not listed',
    chosen: { origin: () => demo.refused, method: 'POST' },
    arrived: ['POST'],
    verdict: 'refused on the actual request',
    fix: () => `add \`${demo.refused}\` to `,
  },
  {
    name: 'a stranger',
    chosen: {
      origin: () => demo.allowed.replace('localhost', 'stranger.localhost'),
      method: 'DELETE',
    },
    arrived: ['OPTIONS'],
    verdict: 'refused on the preflight request',
    fix: () => '//stranger.localhost:',
  },
  {
    name: 'a sandboxed frame',
    chosen: { origin: () => 'null', method: 'POST' },
    arrived: ['POST'],
    verdict: 'refused on the actual request',
    fix: () => 'serve the page from an origin of its own',
  },
  {
    name: 'what no script may send',
    chosen: { method: 'TRACE' },
    arrived: [],
    verdict: 'refused on the script request',
    fix: () => 'mend the page',
    silent: true,
  },
];

for (const server of Object.keys(METHODS)) {
  for (const { name, chosen, arrived, verdict, reads = false, fix, silent = reads } of REQUESTS) {
    test(`${server}: the demo explains ${name}, and the browser does that`, async () => {
      const { did, said, wire, console } = await choose({ server, ...chosen }, arrived.length);
      assert.match(did, reads ? /the script reads status \d+/ : /the script gets TypeError/);
      assert.equal(said.verdict, verdict);
      assert.equal(said.agreement, 'as it came');
      assert.ok(said.text.includes(fix?.(server) ?? ''), said.text);
      assert.deepEqual(wire.map((line) => line.split(' ')[0]), arrived);
      assert.equal(console === undefined, silent, console);
      // What this very browser printed, word for word.
      if (!silent) await until(() => printed.includes(console));
    });
  }
}

test('the demo explains for an origin that no page at hand has', async () => {
  const { did, said } = await choose({ server: 'Express', origin: () => 'https://a.example', method: 'GET' });
  assert.match(did, /nothing was sent/);
  assert.equal(said.verdict, 'refused on the actual request');
  assert.equal(said.agreement, undefined);
});

test('no page but its own can have the demo send anything', async () => {
  const sender = await browser.newPage();
  await sender.goto(`${demo.refused}/sender`);
  const answered = await sender.evaluate((url) => {
    const { port1, port2 } = new MessageChannel();
    globalThis.postMessage({ url, method: 'GET', headers: {} }, '*', [port2]);
    return new Promise((resolve) => {
      port1.onmessage = () => resolve(true);
      setTimeout(resolve, 500, false);
    });
  }, demo.servers[0].url);
  assert.equal(answered, false);
});

/** Fills in the form, sends it, and reads what the page shows. */
async function choose(chosen, arriving = 0) {
  const { server, origin = () => demo.allowed, method, headers = '', credentials = false } = chosen;
  const before = await page.locator('#tried ol').getAttribute('id');
  await page.getByLabel('Server').selectOption(server);
  await page.getByLabel('Page').fill(origin());
  await page.getByLabel('Method').fill(method);
  await page.getByLabel('Headers').fill(headers);
  await page.getByLabel('with cookies').setChecked(credentials);
  await page.getByRole('button', { name: 'Send' }).click();
  return tried(before, arriving);
}

/** What is shown after that, when the servers have reported so many requests. */
async function tried(before, arriving = 0) {
  const another = (id) => (globalThis.document.querySelector('#tried ol')?.id ?? id) !== id;
  await page.waitForFunction(another, before);
  const [did, said] = await page.locator('#tried article').all();
  await until(async () => (await did.locator('li').count()) >= arriving);
  const text = async (within, selector) => (await within.locator(selector).allInnerTexts())[0];
  return {
    did: await did.innerText(),
    wire: await did.locator('li').allInnerTexts(),
    console: await text(said, 'dt:text-is("Chromium") + dd'),
    said: {
      agreement: await text(said, '.badge'),
      verdict: await text(said, '.verdict'),
      text: await said.innerText(),
    },
  };
}

async function until(holds) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never: ${holds}`);
}
