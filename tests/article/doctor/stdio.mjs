import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

/** A server with one tool, for a proxy that puts it on HTTP. */
const server = new McpServer({ name: 'stdio', version: '1.0.0' });
server.registerTool('echo', { description: 'Says nothing' }, () => ({ content: [] }));
await server.connect(new StdioServerTransport());
