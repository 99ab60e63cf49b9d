import express from 'express';
import { modernHandler } from 'express-mcp/modern.mjs';
import { sessionHandler } from 'express-mcp/sessions.mjs';
import { isLegacyRequest } from '@modelcontextprotocol/server';
import { toWebRequest } from '@modelcontextprotocol/node';

/** The MCP server of `examples/express-mcp`, without a word about CORS. */
const app = express();
const [modern, sessions] = [modernHandler(), sessionHandler()];
app.use(express.json());
app.post('/mcp', serve);
app.get('/mcp', serve);
app.delete('/mcp', serve);

async function serve(request, response) {
  const legacy = await isLegacyRequest(await toWebRequest(request, request.body), request.body);
  await (legacy ? sessions : modern)(request, response, request.body);
}

const server = app.listen(0, '127.0.0.1', () => {
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
