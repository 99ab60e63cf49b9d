import { runSession } from 'crossgate-demo/session.mjs';
import { runInWorker } from 'crossgate-demo/worker-session.mjs';

/** Runs a session in this page, or in a worker of this page, and gives its steps. */
globalThis.session = async (options, { worker = false } = {}) => {
  const steps = [];
  const run = worker ? runInWorker : runSession;
  await run(options, (step) => steps.push(step));
  return steps;
};
