import { fileURLToPath } from 'node:url';

import { toWebRequest } from '@modelcontextprotocol/node';
import { isLegacyRequest } from '@modelcontextprotocol/server';
import cors from 'crossgate';
import express from 'express';

import { modernHandler } from './modern.mjs';
import { sessionHandler } from './sessions.mjs';

/** One MCP endpoint for every published version of the protocol, open to the pages in `origins`. */
export function createApp({ origins, hosts, credentials = false, onDecision }) {
  const modern = modernHandler();
  const sessions = sessionHandler();

  const app = express();
  // First, so that its headers are on every answer: a body that is not JSON, a 404, a 500.
  app.use(cors.mcp({ origin: origins, allowedHosts: hosts, credentials, onDecision }));
  app.use(express.json());
  app.all('/mcp', async (request, response) => {
    const legacy = await isLegacyRequest(await toWebRequest(request, request.body), request.body);
    await (legacy ? sessions : modern)(request, response, request.body);
  });
  return app;
}

/** What the environment says, in the form `createApp` takes it. */
export function settings() {
  const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);
  return {
    origins: list('ALLOW_ORIGINS'),
    hosts: list('ALLOW_HOSTS'),
    credentials: process.env.ALLOW_CREDENTIALS === '1',
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // One JSON object a line: nothing that a request sends can forge or break a line of the log.
  const onDecision = (decision) => console.log(JSON.stringify(decision));
  const app = createApp({ ...settings(), onDecision });
  const server = app.listen(Number(process.env.PORT ?? 8002), '127.0.0.1', (error) => {
    if (error) throw error;
    console.error(`listening on http://127.0.0.1:${server.address().port}`);
  });
}
