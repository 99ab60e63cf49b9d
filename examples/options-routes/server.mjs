import { fileURLToPath } from 'node:url';

import cors from 'crossgate';
import express from 'express';

const list = (name) => (process.env[name] ?? '').split(',').filter(Boolean);

/** The application, of whichever Express it is given: it is the same in versions 4 and 5. */
export function createApp(express) {
  const app = express();
  // Answers every preflight: no route needs an OPTIONS handler for CORS.
  app.use(
    cors({
      origin: list('ALLOW_ORIGINS'),
      allowedHosts: list('ALLOW_HOSTS'),
      // A page that asks by OPTIONS itself sends a preflight for it, as for PUT.
      methods: ['GET', 'PUT', 'OPTIONS'],
      allowedHeaders: ['Content-Type'],
      exposedHeaders: ['Allow'],
    }),
  );

  app
    .route('/notes')
    .get((request, response) => response.json(['milk']))
    .put(express.json(), (request, response) => response.json(request.body))
    .options((request, response) => {
      console.log(JSON.stringify({ options: request.path }));
      response.set('Allow', 'GET, PUT, OPTIONS').json({ describes: request.path });
    });
  return app;
}

export function serve(app) {
  const server = app.listen(Number(process.env.PORT ?? 8002), '127.0.0.1', (error) => {
    if (error) throw error;
    console.error(`listening on http://127.0.0.1:${server.address().port}`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(createApp(express));
