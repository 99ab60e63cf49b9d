import { fileURLToPath } from 'node:url';

import { python, startServer } from 'crossgate-browser-harness/servers.mjs';

import { servePages } from './page-server.mjs';
import { reportOf } from './report.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const COMMANDS = {
  FastAPI: [python(), file('recorded_fastapi.py')],
  Express: [process.execPath, file('recorded-express.mjs')],
};

/** Starts both servers and the page on two origins; tells `onReport` of each exchange. */
export async function startDemo(ports, onReport) {
  const pages = await servePages(ports);
  const [allowed, refused] = pages.origins;

  const running = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, command]) => {
      const server = await startServer(command, { origins: [allowed] }, (exchange) => {
        const report = reportOf(name, exchange);
        onReport(report);
        pages.relay(report);
      });
      return { name, server, url: `${server.origin('localhost')}/mcp` };
    }),
  );
  const servers = running.map(({ name, url }) => ({ name, url }));
  pages.announce({ allowed, refused, servers });

  return {
    allowed,
    refused,
    servers,
    /** Rejects when a server stops. */
    async died() {
      const stopped = running.map(({ name, server }) => server.stopped.then(() => name));
      throw new Error(`the ${await Promise.race(stopped)} server stopped`);
    },
    async stop() {
      pages.stop();
      await Promise.all(running.map(({ server }) => server.stop()));
    },
  };
}
