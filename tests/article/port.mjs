import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port for a server that takes no port 0, below those that outgoing connections get: one of those
 * may be taken again before the server has it.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const opened = once(server, 'listening').then(() => true, () => false);
    server.listen(port, '127.0.0.1');
    if (!(await opened)) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
