import { readFile } from 'node:fs/promises';

import cors from 'crossgate';
import express from 'express';

const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);

/** The origins of the tenants, one a line. Read for every request: a change counts at once. */
async function isTenant(origin) {
  // No page made this request. It passes whatever the file says, and without one.
  if (origin === undefined) return true;
  const tenants = await readFile(process.env.TENANTS_FILE ?? 'tenants.txt', 'utf8');
  return tenants.split('\n').includes(origin);
}

const app = express();
app.use(
  cors({
    // The function is asked about origins that are not listed.
    origin: [...list('ALLOW_ORIGINS'), isTenant],
    allowedHosts: list('ALLOW_HOSTS'),
    denied: 'reject',
    deniedBody: 'json-rpc',
    // The page learns that it was refused; that the file was missing is for the log alone.
    onDecision: ({ error, ...event }) =>
      console.log(JSON.stringify({ ...event, error: error && String(error) })),
  }),
);
app.use(express.json());

app.get('/orders', (request, response) => {
  response.json([{ id: 1, what: 'tea' }]);
});
app.post('/orders', (request, response) => {
  response.status(201).json({ id: 2, ...request.body });
});

const server = app.listen(Number(process.env.PORT ?? 8002), '127.0.0.1', (error) => {
  if (error) throw error;
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
