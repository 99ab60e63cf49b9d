import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { bundle } from 'crossgate-browser-harness/pages.mjs';

const page = (name) => new URL(`page/${name}`, import.meta.url);

/**
 * Serves the page on two origins, of which the MCP servers list the first, and relays to each page
 * what the servers report and explain: a refused page can never read its refusal from the server
 * itself.
 */
export async function servePages(ports) {
  const text = (name, type) => [`text/${type}; charset=utf-8`, readFileSync(page(name), 'utf8')];
  const script = async (name) => ['text/javascript; charset=utf-8', await bundle(page(name))];
  const files = new Map([
    ['/', text('index.html', 'html')],
    ['/refused', text('refused.html', 'html')],
    ['/page.css', text('page.css', 'css')],
    ['/page.js', await script('page.mjs')],
    ['/refused.js', await script('refused.mjs')],
    ['/sender.js', await script('sender.mjs')],
    ['/worker.js', await script('worker.mjs')],
  ]);
  const readers = new Set();
  const explainers = new Map();

  async function answer(request, response) {
    if (request.url === '/reports') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      // To Firefox a stream is open from its first byte on.
      response.write(':\n\n');
      readers.add(response);
      response.on('close', () => readers.delete(response));
      return;
    }
    if (explainers.has(request.url)) {
      await explain(explainers.get(request.url), request, response);
      return;
    }
    const [type, body] = files.get(request.url) ?? [];
    response.writeHead(body === undefined ? 404 : 200, type && { 'content-type': type });
    response.end(body);
  }

  const servers = await Promise.all(ports.map((port) => listen(answer, port)));
  return {
    origins: servers.map((server) => `http://localhost:${server.address().port}`),
    announce(settings) {
      files.set('/settings.json', ['application/json', JSON.stringify(settings)]);
      const [type, sender] = text('sender.html', 'html');
      files.set('/sender', [type, sender.replace('PAGE', settings.allowed)]);
      for (const { name, url } of settings.servers) {
        explainers.set(`/explain/${name}`, new URL('/explain', url));
      }
    },
    relay(report) {
      for (const reader of readers) reader.write(`data: ${JSON.stringify(report)}\n\n`);
    },
    stop() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** Passes a question on to the server that it is about, and the answer back. */
async function explain(url, request, response) {
  try {
    const answer = await fetch(url, { method: 'POST', body: request, duplex: 'half' });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  } catch ({ message }) {
    response.writeHead(502, { 'content-type': 'text/plain' });
    response.end(message);
  }
}

/** Listens on the port, or on a free one when it is taken. */
async function listen(answer, port) {
  const server = createServer(answer).listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error.code !== 'EADDRINUSE' || port === 0) throw error;
    return listen(answer, 0);
  }
  return server;
}
