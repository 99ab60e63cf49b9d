import { runSession } from 'crossgate-demo/session.mjs';

addEventListener('message', async ({ data }) => {
  await runSession(data, (step) => postMessage(step));
  postMessage('done');
});
