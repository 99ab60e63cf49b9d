import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The example servers, by name: the command that starts each. */
export const SERVERS = {
  fastapi: [python(), `${root}examples/fastapi-mcp/server.py`],
  express: [process.execPath, `${root}examples/express-mcp/server.mjs`],
};

/** The interpreter of the repository's virtual environment, or the one in `PYTHON`. */
export function python() {
  return process.env.PYTHON ?? `${root}.venv/bin/python`;
}

/**
 * Starts an example server on a free port with the given lists.
 *
 * `onEvent` is called with what the server reports: it writes one JSON object a line.
 */
export async function startServer(command, settings, onEvent) {
  const { origins = [], hosts = [], credentials = false, env = {} } = settings;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    env: {
      ...process.env,
      ALLOW_ORIGINS: origins.join(),
      ALLOW_HOSTS: hosts.join(),
      ALLOW_CREDENTIALS: credentials ? '1' : '0',
      PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => onEvent(JSON.parse(line)));

  // An open event stream keeps a server from stopping by itself.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stopped = new Promise((resolve) => child.once('close', resolve));
  stopped.then(() => process.off('exit', kill));

  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (printed += text));
  const port = await listeningPort(child, () => printed);
  return {
    origin: (host) => `http://${host}:${port}`,
    /** What it printed on its standard error. */
    printed: () => printed,
    stopped,
    async stop(signal = 'SIGKILL') {
      child.kill(signal);
      await stopped;
    },
  };
}

/** Reads the port from the address that the server prints on its standard error. */
function listeningPort(child, printed) {
  return new Promise((resolve, reject) => {
    child.stderr.on('data', () => {
      const address = /\bon https?:\/\/127\.0\.0\.1:(\d+)/.exec(printed());
      if (address) resolve(Number(address[1]));
    });
    child.once('error', ({ message }) => reject(new Error(`no server: ${message}`)));
    child.once('exit', () => reject(new Error(`the server did not start:\n${printed()}`)));
  });
}
