import cors from 'crossgate';
import express from 'express';
import { sessionHandler } from 'express-mcp/sessions.mjs';

/** An MCP server that wants a token, and the authorization server that gives one. */
const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);
const log = (event) => console.log(JSON.stringify(event));
const issuerOf = (request) => `http://${request.headers.host}`;

const app = express();
app.use(
  cors.mcp({
    origin: list('ALLOW_ORIGINS'),
    allowedHosts: list('ALLOW_HOSTS'),
    discoveryPaths: ['/.well-known/*', '/register', '/token'],
    authorizePaths: ['/authorize'],
  }),
);
app.use(express.json(), express.urlencoded());

app.get('/.well-known/oauth-protected-resource/mcp', (request, response) => {
  const issuer = issuerOf(request);
  response.json({ resource: `${issuer}/mcp`, authorization_servers: [issuer] });
});
app.get('/.well-known/oauth-authorization-server', (request, response) => {
  const issuer = issuerOf(request);
  response.json({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
  });
});
app.post('/register', ({ body }, response) => {
  response.status(201).json({ ...body, client_id: 'page', client_secret: 'secret' });
});
app.get('/authorize', ({ query }, response) => {
  log({ authorize: query });
  response.redirect(`${query.redirect_uri}?code=granted`);
});
app.post('/token', ({ body, headers }, response) => {
  log({ token: body, authorization: headers.authorization, dpop: headers.dpop ?? null });
  response.set('DPoP-Nonce', 'again').json({ access_token: 'token', token_type: 'Bearer' });
});

const serve = sessionHandler();
app.all('/mcp', async (request, response) => {
  if (request.headers.authorization !== 'Bearer token') {
    const metadata = `${issuerOf(request)}/.well-known/oauth-protected-resource/mcp`;
    const challenge = `Bearer resource_metadata="${metadata}", scope="tools:call"`;
    response.status(401).set('WWW-Authenticate', challenge).end();
    return;
  }
  await serve(request, response);
});

const server = app.listen(0, '127.0.0.1', () => {
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
