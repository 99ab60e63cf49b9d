/** Runs a session, as `runSession` does, in a Web Worker of this page. */
export function runInWorker(options, report) {
  const worker = new Worker('/worker.js', { type: 'module' });
  const { promise, resolve, reject } = Promise.withResolvers();
  worker.onerror = (event) => reject(new Error(event.message));
  worker.onmessage = ({ data }) => (data === 'done' ? resolve() : report(data));
  worker.postMessage(options);
  return promise.finally(() => worker.terminate());
}
