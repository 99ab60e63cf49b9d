import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { python, startServer } from 'crossgate-browser-harness/servers.mjs';

import { checkPage } from './headless.mjs';
import { servePages } from './page-server.mjs';
import { lineOf, reportOf } from './report.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const COMMANDS = {
  FastAPI: [python(), file('recorded_fastapi.py')],
  Express: [process.execPath, file('recorded-express.mjs')],
};

const headless = process.env.HEADLESS === '1';
const pages = await servePages(headless ? [0, 0] : [4600, 4601]);
const [allowed, refused] = pages.origins;

const running = await Promise.all(
  Object.entries(COMMANDS).map(async ([name, command]) => {
    const server = await startServer(command, { origins: [allowed] }, (exchange) => {
      const report = reportOf(name, exchange);
      console.log(lineOf(report));
      pages.relay(report);
    });
    return { name, server, url: `${server.origin('localhost')}/mcp` };
  }),
);
const servers = running.map(({ name, url }) => ({ name, url }));
pages.announce({ allowed, refused, servers });

console.log(`
  page         ${allowed}
  not allowed  ${refused}
${servers.map(({ name, url }) => `  ${name.padEnd(12)} ${url}`).join('\n')}
`);

if (headless) {
  process.exitCode = await checkPage({ allowed, servers });
} else {
  console.log('  Open the page in a browser; Ctrl-C ends the demo.\n');
  const died = running.map(async ({ name, server }) => {
    await server.stopped;
    throw new Error(`the ${name} server stopped`);
  });
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), ...died]);
}

pages.stop();
for (const { server } of running) server.stop();
