import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';

import { addTools } from './tools.mjs';

/** Serves protocol 2026-07-28, which has no sessions: a server object for every request. */
export function modernHandler() {
  const handler = createMcpHandler(
    () => {
      const server = new McpServer({ name: 'express-mcp', version: '0.1.0' });
      addTools(server, {
        notify: (context, notification) => context.mcpReq.notify(notification),
        progressToken: (context) => context.mcpReq._meta?.progressToken,
        toolsChanged: () => handler.notify.toolsChanged(),
      });
      return server;
    },
    { legacy: 'reject' },
  );
  return toNodeHandler(handler);
}
