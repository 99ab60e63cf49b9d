import { EventEmitter } from 'node:events';

import cors from 'crossgate';
import express from 'express';

const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);

const news = new EventEmitter().setMaxListeners(0);
const kept = [];
let last = 0;
let streams = 0;

function publish(text) {
  last += 1;
  kept.push({ id: last, text });
  if (kept.length > 1000) kept.shift();
  news.emit('item');
}

const app = express();
app.use(
  cors({
    origin: list('ALLOW_ORIGINS'),
    allowedHosts: list('ALLOW_HOSTS'),
    credentials: true,
    // EventSource sends it by itself; a page that uses fetch must be allowed to.
    allowedHeaders: ['Content-Type', 'Last-Event-ID'],
  }),
);

app.get('/news', (request, response) => {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // Many handlers have these two. They open nothing: what the policy says replaces them.
    'access-control-allow-origin': request.get('origin') ?? '*',
    'access-control-allow-credentials': 'true',
  });
  response.write('retry: 1000\n\n');

  // What the client missed: everything, when it is new.
  let seen = Number(request.get('last-event-id')) || 0;
  const send = () => {
    for (const { id, text } of kept.filter(({ id }) => id > seen)) {
      // What a client does not read waits in no buffer of its own.
      if (response.writableNeedDrain) return;
      response.write(`id: ${id}\ndata: ${JSON.stringify(text)}\n\n`);
      seen = id;
    }
  };
  send();
  news.on('item', send);
  response.on('drain', send);
  // Proxies cut what is silent, and a client that crashed is found by writing to it.
  const ping = setInterval(() => response.write(':\n\n'), 15_000);
  count(+1);
  response.on('close', () => {
    clearInterval(ping);
    news.off('item', send);
    count(-1);
  });
});

app.post('/news', express.json(), (request, response) => {
  publish(request.body.text);
  response.status(201).json({ id: last });
});

function count(change) {
  streams += change;
  console.log(JSON.stringify({ streams }));
}

publish('the news begin');
const server = app.listen(Number(process.env.PORT ?? 8002), '127.0.0.1', (error) => {
  if (error) throw error;
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
