import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import cors from 'crossgate';
import express from 'express';
import * as z from 'zod';

const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);

const app = express();
app.use(
  cors.mcp({
    // One name of each service is enough: `mcp.tools.svc` stands for
    // `mcp.tools.svc.cluster.local` too, with and without a final dot.
    origin: list('ALLOW_ORIGINS'),
    allowedHosts: list('ALLOW_HOSTS'),
    clusterDomain: process.env.CLUSTER_DOMAIN ?? 'cluster.local',
    // A probe calls the pod by its address.
    healthPaths: ['/health'],
  }),
);

app.get('/health', (request, response) => {
  response.json({ status: 'ok' });
});

// The page's origin under its short name. No header that a client sends can change it.
app.get('/origin', (request, response) => {
  response.json({ origin: cors.decisionOf(request)?.origin ?? null });
});

const transports = new Map();
app.get('/sse', async (request, response) => {
  // A path, and no address: the client finds it wherever it found this stream.
  const transport = new SSEServerTransport('/messages', response);
  transports.set(transport.sessionId, transport);
  response.on('close', () => transports.delete(transport.sessionId));
  await createMcpServer().connect(transport);
});
app.post('/messages', async (request, response) => {
  const transport = transports.get(request.query.sessionId);
  if (transport === undefined) response.status(404).json({ error: 'no such session' });
  else await transport.handlePostMessage(request, response);
});

function createMcpServer() {
  const server = new McpServer({ name: 'kubernetes', version: '0.1.0' });
  const inputSchema = { text: z.string() };
  server.registerTool('echo', { description: 'Says it again', inputSchema }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  return server;
}

const { TLS_CERT, TLS_KEY } = process.env;
const server = TLS_CERT
  ? createHttpsServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }, app)
  : createHttpServer(app);
server.listen(Number(process.env.PORT ?? 8002), process.env.ADDRESS ?? '127.0.0.1', () => {
  const { address, port } = server.address();
  console.error(`listening on ${TLS_CERT ? 'https' : 'http'}://${address}:${port}`);
});
