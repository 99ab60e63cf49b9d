import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

/** Names under `.test` are this machine, so that a page and a server can have any origin. */
const RESOLVER_RULES = 'MAP *.test 127.0.0.1';

// The profile is new at every launch; without the last three switches it talks to the network.
const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium: the one in `CHROMIUM`, or Debian's. */
export function launchChromium() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    const remedy = 'run scripts/install-browser, or set CHROMIUM';
    throw new Error(`no Chromium at ${executablePath}: ${remedy}`);
  }
  return chromium.launch({
    executablePath,
    args: [...SWITCHES, `--host-resolver-rules=${RESOLVER_RULES}`],
  });
}
