import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const EMPTY_PAGE = '<!doctype html><link rel="icon" href="data:,"><title>page</title>';

/**
 * Serves pages and scripts on a free port, under every name that resolves to this machine: the
 * origin of a page is chosen by the host name it is opened with.
 *
 * `scripts` maps a path to the source text it answers with; every other path is an empty page.
 */
export async function servePages(scripts = {}) {
  const server = createServer((request, response) => {
    const script = scripts[request.url];
    const type = script === undefined ? 'text/html' : 'text/javascript';
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` });
    response.end(script ?? EMPTY_PAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return {
    origin: (host) => `http://${host}:${port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Bundles a module for the browser, and gives the text of a module script. */
export async function bundle(url) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(url)],
    bundle: true,
    conditions: ['browser', 'import'],
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  return outputFiles[0].text;
}
