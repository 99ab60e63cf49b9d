import { after, before } from 'node:test';

import { launchChromium } from 'crossgate-browser-harness/chromium.mjs';
import { recordNetwork } from 'crossgate-browser-harness/network.mjs';
import { bundle, servePages } from 'crossgate-browser-harness/pages.mjs';
import { SERVERS, startServer } from 'crossgate-browser-harness/servers.mjs';

/** Listed by every server here: its page may call. */
export const APP = 'app.example.test';
/** The server's own name, and the only one it answers to beside loopback. */
export const API = 'api.example.test';
/** A name that nobody listed, of a page or of the server. */
export const OTHER = 'other.example.test';

let browser;
let pages;

before(async () => {
  browser = await launchChromium();
  pages = await servePages({
    '/page.js': await bundle(new URL('page.mjs', import.meta.url)),
    '/worker.js': await bundle(import.meta.resolve('crossgate-demo/page/worker.mjs')),
  });
});

after(async () => {
  pages?.stop();
  await browser?.close();
});

/** The origin of the page with that host name. */
export function originOf(host) {
  return pages.origin(host);
}

/**
 * A server on a port of its own, and a page in a browser context of its own: a preflight answer
 * that the browser kept from another case would hide what this case's server says.
 */
export async function setStage(t, { server: name, page: host = APP, credentials = false }) {
  const decisions = [];
  const settings = { origins: [originOf(APP)], hosts: [API], credentials };
  const server = await startServer(SERVERS[name], settings, (event) => decisions.push(event));
  t.after(() => server.stop());

  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const network = await recordNetwork(page);
  await page.goto(`${originOf(host)}/`);
  await page.addScriptTag({ url: '/page.js', type: 'module' });

  const url = `${server.origin(API)}/mcp`;
  return {
    context,
    decisions,
    network,
    page,
    server,
    url,
    session: (options, where) =>
      page.evaluate(([o, w]) => session(o, w), [{ url, ...options }, where]),
  };
}
