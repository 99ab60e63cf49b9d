import { fileURLToPath } from 'node:url';

import { launchChromium } from 'crossgate-browser-harness/chromium.mjs';

import { REFUSAL, STEPS, WIRE } from './session.mjs';

const PICTURE = fileURLToPath(new URL('../../docs/demo.png', import.meta.url));

/**
 * Opens the page in headless Chromium and prints its rows; 0 if all are right. With `SCREENSHOT=1`
 * it renews the picture of them.
 */
export async function checkPage({ allowed, servers }) {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(allowed);
    await page.waitForFunction(() => globalThis.rows !== undefined);
    const rows = await page.evaluate(() => globalThis.rows);

    const expected = expectedRows(servers);
    const found = (row) => rows.find((other) => isSame(row, other));
    const results = expected.map((row) => ({ ...row, ...found(row) }));
    console.log(`\n${results.map(line).join('\n')}\n`);

    if (process.env.SCREENSHOT) await page.screenshot({ path: PICTURE, fullPage: true });

    const wrong = results.filter(({ ok }) => !ok).length;
    console.log(`${results.length - wrong} passed, ${wrong} failed`);
    return wrong === 0 && rows.length === expected.length ? 0 : 1;
  } finally {
    await browser.close();
  }
}

/** Every row there must be, so that one the page did not report counts as wrong. */
function expectedRows(servers) {
  return servers.flatMap(({ name: server }) => [
    ...['v1', 'v2'].flatMap((client) => [
      ...STEPS[client].map((step) => ({ page: 'allowed', server, client, step })),
      ...REFUSAL.map((step) => ({ page: 'refused', server, client, step })),
    ]),
    { page: 'both', server, client: 'all', step: WIRE },
  ]);
}

function isSame(a, b) {
  return ['page', 'server', 'client', 'step'].every((key) => a[key] === b[key]);
}

function line({ page, server, client, step, ok = false, detail = 'no result' }) {
  const mark = ok ? 'ok   ' : 'WRONG';
  return [mark, server, client.padEnd(3), page.padEnd(7), step.padEnd(33), detail].join('  ');
}
