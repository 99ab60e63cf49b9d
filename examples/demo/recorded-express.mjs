import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

import { Policy } from 'crossgate';
import { createApp, settings } from 'express-mcp/server.mjs';

/**
 * The Express example, which besides reports each exchange on its standard output when the answer
 * begins: a JSON object a line, with the headers as they go out and the middleware's decision. At
 * `/explain` it says what its policy makes of a page's request.
 */
const exchange = new AsyncLocalStorage();
const app = createApp({
  ...settings(),
  onDecision: (decision) => {
    exchange.getStore().decision = decision;
  },
});
const { origins, hosts, credentials } = settings();
const policy = Policy.mcp({ origin: origins, allowedHosts: hosts, credentials });

const server = createServer((request, response) => {
  const { method, url: path, headers } = request;
  if (path === '/explain') {
    explain(request).then((said) => response.end(said), () => response.writeHead(400).end());
    return;
  }
  const store = { time: Date.now(), method, path, requestHeaders: headers };
  const { writeHead } = response;
  response.writeHead = function (...args) {
    writeHead.apply(this, args);
    console.log(JSON.stringify({ ...store, status: this.statusCode, headers: sent(this) }));
    return this;
  };
  exchange.run(store, app, request, response);
});
server.listen(Number(process.env.PORT), '127.0.0.1');
await once(server, 'listening');
console.error(`listening on http://127.0.0.1:${server.address().port}`);

async function explain(request) {
  return JSON.stringify(policy.explain(await json(request)));
}

/** The header lines as written to the socket, by lower-case name. */
function sent(response) {
  const lines = response._header.split('\r\n').slice(1).filter(Boolean);
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
}
