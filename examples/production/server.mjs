import { randomUUID } from 'node:crypto';

import cors from 'crossgate';
import express from 'express';
import helmet from 'helmet';

import { createLimiter, RateLimit } from './limits.mjs';
import { Origins } from './origins.mjs';

const { env } = process;
const list = (name) => (env[name] ?? '').split(',').filter(Boolean);
const log = (event) => console.log(JSON.stringify(event));

const origins = new Origins(env.DATABASE ?? 'origins.db', list('ALLOW_ORIGINS'));
const limits = new RateLimit(await createLimiter({ limit: env.RATE_LIMIT, url: env.REDIS_URL, log }));

const app = express();
// `request.ip` is the peer's address; behind a proxy that is named here, what the proxy says it is.
app.set('trust proxy', list('TRUST_PROXY'));
app.use(helmet({ crossOriginResourcePolicy: { policy: 'cross-origin' } }));
app.use((request, response, next) => {
  response.setHeader('X-Request-Id', randomUUID());
  next();
});
// Before CORS, to count preflights; a page's request is refused after it, so that the page can read
// why.
app.use(limits.count);
app.use(
  cors.mcp({
    origin: (origin) => origin === undefined || origins.has(origin),
    allowedHosts: list('ALLOW_HOSTS'),
    credentials: true,
    exposedHeaders: ['X-Request-Id', 'X-RateLimit-Remaining'],
    // One JSON object a line. That the database failed is for the log alone.
    onDecision: ({ error, ...event }) => log({ ...event, error: error && String(error) }),
  }),
);
app.use(limits.refuse);

app.get('/hello', (request, response) => {
  response.json({ hello: request.ip });
});

const server = app.listen(Number(env.PORT ?? 8002), '127.0.0.1', (error) => {
  if (error) throw error;
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
