import cors from 'crossgate';
import express from 'express';

const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);

/** JSON in printable ASCII: a stranger's text can neither begin a line nor move the cursor. */
const ascii = (value) =>
  JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Every request comes by here, refused ones and preflights too, which no route ever sees. */
function log(event) {
  const { verdict, leg, method, path, origin, message } = event;
  const line = `${verdict} ${leg} ${ascii(method)} ${ascii(path)} from ${ascii(origin)}`;
  console.error(message === null ? line : `${line}: ${message}`);
  console.log(ascii(event));
}

const app = express();
app.use(
  cors({
    origin: list('ALLOW_ORIGINS'),
    allowedHosts: list('ALLOW_HOSTS'),
    allowedHeaders: ['Content-Type'],
    denied: 'reject',
    onDecision: log,
  }),
);

app.get('/weather', (request, response) => {
  response.json({ weather: 'rain' });
});
app.put('/weather', express.json(), (request, response) => {
  response.json(request.body);
});

const server = app.listen(Number(process.env.PORT ?? 8002), '127.0.0.1', (error) => {
  if (error) throw error;
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
