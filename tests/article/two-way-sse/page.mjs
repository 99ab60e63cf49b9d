import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

/** Connects the official SSE client; `heard` counts what the server sends of its own accord. */
globalThis.connect = async (url) => {
  await globalThis.client?.close();
  const client = new Client({ name: 'page', version: '1' });
  globalThis.heard = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (globalThis.heard += 1));
  const fetch = (input, init) => globalThis.fetch(input, { ...init, credentials: 'include' });
  await client.connect(new SSEClientTransport(new URL(url), { eventSourceInit: { fetch }, fetch }));
  globalThis.client = client;
};

globalThis.call = async (name, given) => {
  const { content } = await globalThis.client.callTool({ name, arguments: given });
  return content[0].text;
};
