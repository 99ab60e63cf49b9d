import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { freePort } from './port.mjs';

/** Starts a Redis that writes nothing to the disk. */
export async function startRedis(t) {
  const port = await freePort();
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = once(child, 'close');
  const stop = async () => {
    kill();
    await closed;
    process.off('exit', kill);
  };
  t.after(stop);
  await new Promise((resolve, reject) => {
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed += text;
      if (printed.includes('Ready to accept connections')) resolve();
    });
    child.once('error', ({ message }) => reject(new Error(`no Redis: ${message}`)));
    child.once('exit', () => reject(new Error(`Redis did not start:\n${printed}`)));
  });
  return { url: `redis://127.0.0.1:${port}`, stop };
}
