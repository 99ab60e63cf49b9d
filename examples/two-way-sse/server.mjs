import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import cors from 'crossgate';
import express from 'express';
import * as z from 'zod';

import { Session } from './session.mjs';

const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);
const patience = 1000 * Number(process.env.RECONNECT_SECONDS ?? 30);

const sessions = new Map();

const app = express();
app.use(cors.mcp({ origin: list('ALLOW_ORIGINS'), allowedHosts: list('ALLOW_HOSTS'), credentials: true }));

app.get('/sse', async (request, response) => {
  const lastEventId = request.get('last-event-id');
  if (lastEventId !== undefined) {
    const { id, number } = Session.seen(lastEventId);
    const session = find(id, request, response);
    session?.stream(response, number);
    return;
  }
  const session = new Session(originOf(request), patience);
  sessions.set(session.sessionId, session);
  tell();
  const server = createMcpServer();
  server.server.onclose = () => {
    sessions.delete(session.sessionId);
    tell();
  };
  await server.connect(session);
  session.stream(response, 0);
});

app.post('/messages', express.json({ limit: '4mb' }), (request, response) => {
  const session = find(request.query.session, request, response);
  if (session === undefined) return;
  const { success, data } = JSONRPCMessageSchema.safeParse(request.body);
  if (!success) {
    response.status(400).json({ error: 'no JSON-RPC message' });
    return;
  }
  response.status(202).end();
  session.onmessage?.(data);
});

setInterval(() => sessions.forEach((session) => session.ping()), 15_000).unref();

/** The session of this id, for whoever opened it; null and an answer for anybody else. */
function find(id, request, response) {
  const session = sessions.get(id);
  if (session === undefined) response.status(404).json({ error: 'no such session' });
  else if (!mayUse(session, request)) response.status(403).json({ error: 'another origin opened it' });
  else return session;
  return undefined;
}

/** The policy has let the origin in; here it is asked whether it is the one that was there before. */
function mayUse({ origin }, request) {
  const now = originOf(request);
  return now === origin || (origin === null && new URL(now).host === request.get('host'));
}

/** A page of this server sends its origin with a POST, and none with a GET. */
function originOf(request) {
  const { verdict, origin } = cors.decisionOf(request);
  return verdict === 'not-cors' ? null : origin;
}

function createMcpServer() {
  const server = new McpServer({ name: 'two-way-sse', version: '0.1.0' });
  const inputSchema = { text: z.string() };
  server.registerTool('echo', { description: 'Says it again', inputSchema }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  server.registerTool('announce', { description: 'Tells that the tools changed' }, () => {
    server.sendToolListChanged();
    return { content: [{ type: 'text', text: 'announced' }] };
  });
  return server;
}

function tell() {
  console.log(JSON.stringify({ sessions: sessions.size }));
}

const server = app.listen(Number(process.env.PORT ?? 8002), '127.0.0.1', (error) => {
  if (error) throw error;
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
