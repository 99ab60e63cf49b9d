import cors from 'crossgate';
import express from 'express';

const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);

const app = express();
// First, so that its headers are on every answer: the 404 and the 500 too.
app.use(
  cors({
    // `https://*.your-domain.com` is any subdomain, `http://localhost:*` any port.
    origin: list('ALLOW_ORIGINS'),
    allowedHosts: list('ALLOW_HOSTS'),
    credentials: true,
    denied: 'reject',
  }),
);

app.get('/profile', (request, response) => {
  response.json({ name: 'Ada' });
});
app.get('/broken', () => {
  throw new Error('the database is gone');
});

const server = app.listen(Number(process.env.PORT ?? 8002), '127.0.0.1', (error) => {
  if (error) throw error;
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
