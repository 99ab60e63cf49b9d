import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/**
 * Stands between a client and a server, and can cut the connections of a moment. With a certificate
 * it ends TLS.
 */
export async function startRelay(t, server, certificate) {
  const { port } = new URL(server.origin('localhost'));
  const sockets = new Set();
  const relay = certificate ? createTlsServer(certificate) : createServer();
  relay.on(certificate ? 'secureConnection' : 'connection', (near) => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const cut = () => sockets.forEach((socket) => socket.destroy());
  t.after(() => {
    relay.close();
    cut();
  });
  return { cut, origin: (host) => `http://${host}:${relay.address().port}` };
}
