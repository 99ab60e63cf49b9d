import { randomUUID } from 'node:crypto';

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';

import { addTools } from './tools.mjs';

/** Serves the protocol up to 2025-11-25: `initialize` opens a session, DELETE ends it. */
export function sessionHandler() {
  const transports = new Map();

  async function open() {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void transports.set(id, transport),
    });
    transport.onclose = () => transports.delete(transport.sessionId);
    const server = new McpServer({ name: 'express-mcp', version: '0.1.0' });
    addTools(server, {
      notify: (extra, notification) => extra.sendNotification(notification),
      progressToken: (extra) => extra._meta?.progressToken,
      toolsChanged: () => server.server.sendToolListChanged(),
    });
    await server.connect(transport);
    return transport;
  }

  return async (request, response) => {
    const id = request.headers['mcp-session-id'];
    const opening = id === undefined && isInitializeRequest(request.body);
    const transport = opening ? await open() : transports.get(id);
    if (transport === undefined) {
      const error = { code: -32001, message: 'Session not found' };
      response.status(id === undefined ? 400 : 404).json({ jsonrpc: '2.0', error, id: null });
      return;
    }
    await transport.handleRequest(request, response, request.body);
  };
}
