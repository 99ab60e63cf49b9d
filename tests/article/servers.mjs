import { fileURLToPath } from 'node:url';

import { python, startServer } from 'crossgate-browser-harness/servers.mjs';

/** The two servers of an example: each behaves as the other does. */
export const LANGUAGES = ['express', 'fastapi'];

const programs = {
  express: (path) => [process.execPath, `${path}server.mjs`],
  fastapi: (path) => [python(), `${path}server.py`],
};

/**
 * Starts a server of `examples/NAME` on a free port.
 *
 * `events` of what it returns are the JSON objects that the server printed, one a line.
 */
export async function startExample(t, name, language, settings = {}) {
  const path = fileURLToPath(new URL(`../../examples/${name}/`, import.meta.url));
  const events = [];
  const server = await startServer(programs[language](path), settings, (event) =>
    events.push(event),
  );
  t.after(() => server.stop());
  return { ...server, events };
}
