import { createServer } from 'node:http';

import cors from 'crossgate';
import express from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';

/** A whole application, which counts, asks for a token and reads bodies before anything else. */
const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);
const limiter = new RateLimiterMemory({ points: 4, duration: 60 });

const app = express();
app.use(async (request, response, next) => {
  console.log(JSON.stringify({ reached: request.method }));
  const limited = await limiter.consume(request.ip).then(() => false, () => true);
  if (limited) response.status(429).set('Retry-After', '60').end();
  else next();
});
app.use((request, response, next) => {
  if (request.get('authorization') === 'Bearer token') next();
  else response.status(401).set('WWW-Authenticate', 'Bearer').end();
});
app.use(express.json());
app.post('/mcp', (request, response) => {
  response.json(request.body);
});

// Around all of it, though nothing of it knows.
const mcp = cors.mcp({ origin: list('ALLOW_ORIGINS'), allowedHosts: list('ALLOW_HOSTS') });
const server = createServer(cors.wrap(app, mcp)).listen(0, '127.0.0.1', () => {
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
