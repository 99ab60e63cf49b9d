import { after, before } from 'node:test';

import { launchChromium } from 'crossgate-browser-harness/chromium.mjs';
import { recordNetwork } from 'crossgate-browser-harness/network.mjs';
import { servePages } from 'crossgate-browser-harness/pages.mjs';

let browser;
let pages;

/** Starts the browser and the pages' server for the tests of a file. */
export function useBrowser(scripts) {
  before(async () => {
    browser = await launchChromium();
    pages = await servePages(await scripts?.());
  });
  after(async () => {
    pages?.stop();
    await browser?.close();
  });
}

/** The origin of the pages under a name. */
export const pageOrigin = (host) => pages.origin(host);

/**
 * A page of its own browser context, at `url`, with what it puts on the wire. Where no server is,
 * as behind `https`, the browser is given an empty page.
 */
export async function openPage(t, url) {
  const context = await browser.newContext();
  t.after(() => context.close());
  // Such a page counts as one from afar, which has to ask its visitor before it calls this machine.
  await context.grantPermissions(['local-network-access']);
  await context.route('https://*/', (route) => route.fulfill({ contentType: 'text/html', body: '' }));
  const page = await context.newPage();
  const network = await recordNetwork(page);
  await page.goto(url);
  // While anything is routed, preflights are answered by the driver and kept by no cache.
  await context.unrouteAll();
  return { context, network, page };
}

/** What a page's `fetch` gives: the status, headers and text that it can read, or the error. */
export function fetchIn(page, url, options = {}) {
  return page.evaluate(
    async ([url, options]) => {
      try {
        const response = await fetch(url, options);
        const headers = Object.fromEntries(response.headers);
        return { status: response.status, headers, body: await response.text() };
      } catch (error) {
        return { error: error.name };
      }
    },
    [url, options],
  );
}
