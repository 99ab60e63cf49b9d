import cors from 'cors';
import express from 'express';

/** npm `cors` with the options given. */
const app = express();
app.use(cors(JSON.parse(process.argv[2])));
app.get('/api', (request, response) => response.json({}));

const server = app.listen(0, '127.0.0.1', () => {
  console.error(`listening on http://127.0.0.1:${server.address().port}`);
});
