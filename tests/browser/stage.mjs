import { after, before } from 'node:test';

import { launchChromium } from 'crossgate-browser-harness/chromium.mjs';
import { recordNetwork } from 'crossgate-browser-harness/network.mjs';
import { bundle, servePages } from 'crossgate-browser-harness/pages.mjs';
import { SERVERS, startServer } from 'crossgate-browser-harness/servers.mjs';

// The page that may call, and the name that the server answers to: of one site, so that a cookie
// goes along. Over plain HTTP, credentials are for loopback names alone.
const OPEN = { app: 'app.example.test', api: 'api.example.test' };
const CREDENTIALED = { app: 'app.localhost', api: 'api.app.localhost' };

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

/**
 * A server on a port of its own, and a page in a browser context of its own: a preflight answer
 * that the browser kept from another case would hide what this case's server says.
 */
export async function setStage(t, { server: name, page: host, credentials = false }) {
  const { app, api } = credentials ? CREDENTIALED : OPEN;
  const origin = pages.origin(app);
  const decisions = [];
  const settings = { origins: [origin], hosts: [api], credentials };
  const server = await startServer(SERVERS[name], settings, (event) => decisions.push(event));
  t.after(() => server.stop());

  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const network = await recordNetwork(page);
  await page.goto(`${pages.origin(host ?? app)}/`);
  await page.addScriptTag({ url: '/page.js', type: 'module' });

  const url = `${server.origin(api)}/mcp`;
  return {
    context,
    decisions,
    network,
    origin,
    page,
    server,
    url,
    session: (options, where) =>
      page.evaluate(([o, w]) => globalThis.session(o, w), [{ url, ...options }, where]),
  };
}
