import { runSession } from '../session.mjs';

addEventListener('message', async ({ data }) => {
  await runSession(data, (step) => postMessage(step));
  postMessage('done');
});
