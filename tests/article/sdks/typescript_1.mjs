import { createServer } from 'node:http';

import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import cors from 'crossgate';
import { sessionHandler } from 'express-mcp/sessions.mjs';

const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);
const [origin, allowedHosts] = [list('ALLOW_ORIGINS'), list('ALLOW_HOSTS')];

// It comes with a guard and a parser of bodies, which a page would never hear of.
const app = createMcpExpressApp({ allowedHosts });
const serve = sessionHandler();
app.all('/mcp', (request, response) => serve(request, response));

const mcp = cors.mcp({ origin, allowedHosts, credentials: true });
const server = createServer(cors.wrap(app, mcp)).listen(0, '127.0.0.1', () => {
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
