// A server on a fresh port, and a client that shows every header line.

import { once } from 'node:events';
import { createServer, request as send } from 'node:http';

export const APP = 'https://app.example.com';
export const EVIL = 'https://evil.example';

/** Serves one test: `handler` is what `createServer` takes, or a server. */
export async function serve(t, handler) {
  const server = typeof handler === 'function' ? createServer(handler) : handler;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections?.();
  });
  const { port } = server.address();
  return (options = {}) => call({ port, ...options });
}

async function call({ port, method = 'GET', path = '/', body, ...headers }) {
  const request = send({ port, method, path, headers, agent: false, host: '127.0.0.1' });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks = await response.toArray();
  const { statusCode: status, rawHeaders } = response;
  const lines = {};
  for (let nth = 0; nth < rawHeaders.length; nth += 2) {
    (lines[rawHeaders[nth].toLowerCase()] ??= []).push(rawHeaders[nth + 1]);
  }
  const values = Object.entries(lines).map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
  return { status, headers: Object.fromEntries(values), body: Buffer.concat(chunks).toString() };
}

export const preflight = {
  method: 'OPTIONS',
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'content-type',
};

/** The CORS headers and `Vary` of an answer. */
export function corsOf({ headers }) {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'vary' || name.startsWith('access-control-')),
  );
}
