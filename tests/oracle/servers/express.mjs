import { readFileSync } from 'node:fs';

import cors from 'crossgate';
import { OPTIONS } from 'crossgate/options.js';
import express from 'express';

/** The policies on standard input, each at a path of its own, around one application. */
const app = express();
JSON.parse(readFileSync(0, 'utf8')).forEach((policy, nth) => {
  const stated = OPTIONS.filter(({ core }) => core in policy);
  app.use(`/p/${nth}`, cors(Object.fromEntries(stated.map(({ core, name }) => [name, policy[core]]))));
});
app.use((request, response) => response.set({ 'X-Id': '1', 'Mcp-Session-Id': '1' }).send('body'));

const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
