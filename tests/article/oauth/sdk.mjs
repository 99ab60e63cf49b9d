import { createServer } from 'node:http';

import { DemoInMemoryAuthProvider } from '@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthRouter,
} from '@modelcontextprotocol/sdk/server/auth/router.js';
import cors from 'crossgate';
import express from 'express';
import { sessionHandler } from 'express-mcp/sessions.mjs';

/** An MCP server with the SDK's own authorization server, which has CORS headers of its own. */
const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);
const log = (event) => console.log(JSON.stringify(event));

class Provider extends DemoInMemoryAuthProvider {
  authorize(client, params, response) {
    log({ authorize: { scope: params.scopes.join(' '), resource: params.resource.href } });
    return super.authorize(client, params, response);
  }

  exchangeAuthorizationCode(client, code, verifier, redirectUri, resource) {
    log({ token: { resource: resource.href } });
    return super.exchangeAuthorizationCode(client, code, verifier);
  }
}

const app = express();
const server = createServer(app).listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const issuerUrl = new URL(`http://localhost:${port}`);
  const resourceServerUrl = new URL('/mcp', issuerUrl);
  const provider = new Provider();
  app.use(
    cors.mcp({
      origin: list('ALLOW_ORIGINS'),
      allowedHosts: list('ALLOW_HOSTS'),
      discoveryPaths: ['/.well-known/*', '/register', '/token'],
      authorizePaths: ['/authorize'],
    }),
  );
  app.use(
    mcpAuthRouter({ provider, issuerUrl, resourceServerUrl, scopesSupported: ['tools:call'] }),
  );
  const token = requireBearerAuth({
    verifier: provider,
    requiredScopes: ['tools:call'],
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resourceServerUrl),
  });
  const serve = sessionHandler();
  app.all('/mcp', token, express.json(), (request, response) => serve(request, response));
  console.error(`listening on http://127.0.0.1:${port}`);
});
