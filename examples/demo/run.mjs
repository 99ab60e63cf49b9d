import { once } from 'node:events';

import { startDemo } from './demo.mjs';
import { checkPage } from './headless.mjs';
import { lineOf } from './report.mjs';

const headless = process.env.HEADLESS === '1';
const ports = headless ? [0, 0] : [4600, 4601];
const demo = await startDemo(ports, (report) => console.log(lineOf(report)));
const { allowed, refused, servers } = demo;

console.log(`
  page         ${allowed}
  not allowed  ${refused}
${servers.map(({ name, url }) => `  ${name.padEnd(12)} ${url}`).join('\n')}
`);

if (headless) {
  process.exitCode = await checkPage({ allowed, servers });
} else {
  console.log('  Open the page in a browser; Ctrl-C ends the demo.\n');
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), demo.died()]);
}

await demo.stop();
