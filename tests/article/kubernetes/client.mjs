// Connects the official client to each address of its arguments, and prints what comes of it: a
// JSON object a line. Every name is this machine, as if it were a pod of the cluster.
import dns from 'node:dns';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';

dns.lookup = (host, options, callback) => {
  const [address, family] = ['127.0.0.1', 4];
  if (options.all) callback(null, [{ address, family }]);
  else callback(null, address, family);
};

for (const address of process.argv.slice(2)) {
  console.log(JSON.stringify({ address, ...(await visit(new URL(address))) }));
}

async function visit(url) {
  const client = new Client({ name: 'test', version: '1' });
  try {
    await client.connect(new SSEClientTransport(url));
    const { tools } = await client.listTools();
    const { content } = await client.callTool({ name: 'echo', arguments: { text: url.host } });
    return { tools: tools.map(({ name }) => name), said: content[0].text };
  } catch (error) {
    return { error: error.message };
  } finally {
    await client.close();
  }
}
