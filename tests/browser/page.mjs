import { runSession } from 'crossgate-demo/session.mjs';

/** Runs a session in this page, or in a worker of this page, and gives its steps. */
globalThis.session = async (options, { worker = false } = {}) => {
  const steps = [];
  const report = (step) => steps.push(step);
  await (worker ? inWorker(options, report) : runSession(options, report));
  return steps;
};

function inWorker(options, report) {
  const worker = new Worker('/worker.js');
  const { promise, resolve, reject } = Promise.withResolvers();
  worker.onerror = (event) => reject(new Error(event.message));
  worker.onmessage = ({ data }) => (data === 'done' ? resolve() : report(data));
  worker.postMessage(options);
  return promise.finally(() => worker.terminate());
}
