import { toWebRequest } from '@modelcontextprotocol/node';
import { isLegacyRequest } from '@modelcontextprotocol/server';
import cors from 'cors';
import express from 'express';
import { modernHandler } from 'express-mcp/modern.mjs';
import { sessionHandler } from 'express-mcp/sessions.mjs';

/** The MCP server of `examples/express-mcp`, with npm `cors` in place of Crossgate, or nothing. */
const app = express();
const [modern, sessions] = [modernHandler(), sessionHandler()];
if (process.env.CORS) app.use(cors(JSON.parse(process.env.CORS)));
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
