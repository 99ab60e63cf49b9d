// The binaries of the core: each answers the same, in threads and when loaded twice.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const built = existsSync(fileURLToPath(new URL('../wasm/crossgate.wasm', import.meta.url)));
const skip = built ? false : 'wasm/crossgate.wasm is not built: Rust lacks its target';

const ASK = `
  const cors = require('crossgate');
  const policy = new cors.Policy({ origin: ['https://app.example.com', /^https:\\/\\/x\\d\\.example$/] });
  const told = ['https://app.example.com', 'https://x7.example', 'https://x.example', 'https://app.example.co\\u016d',
    'https://\\ud800.example', 'https://' + 'a'.repeat(5000), 'null', '\\0'].map((origin) => policy.decide({ origin }).verdict);
  const requested = Array.from({ length: 9000 }, (_, nth) => 'x-' + nth).sort().join(',');
  told.push(policy.decide({ method: 'OPTIONS', origin: 'https://app.example.com', accessControlRequestMethod: 'GET',
    accessControlRequestHeaders: requested }).reason);
`;
const TOLD = ['allowed', 'allowed', 'refused', 'refused', 'refused', 'refused', 'refused', 'refused', 'headers-too-many'];

for (const binding of ['addon', 'wasm']) {
  test(`${binding}: decides the same, whatever a string is`, { skip: binding === 'wasm' && skip }, () => {
    const output = execFileSync(process.execPath, ['-e', `${ASK} console.log(JSON.stringify(told))`], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { ...process.env, CROSSGATE_BINDING: binding },
      encoding: 'utf8',
    });
    assert.deepEqual(JSON.parse(output), TOLD);
  });
}

test('wasm: answers the vectors too', { skip }, () => {
  const file = fileURLToPath(new URL('../../tests/vectors.test.mjs', import.meta.url));
  const env = { ...process.env, CROSSGATE_BINDING: 'wasm' };
  // A test that runs tests: the runner's own variable would have the child report to it.
  delete env.NODE_TEST_CONTEXT;
  execFileSync(process.execPath, ['--test', file], { env, stdio: 'pipe' });
});

test('threads have policies of their own', async () => {
  for (let round = 0; round < 2; round += 1) {
    const code = `const { parentPort } = require('node:worker_threads'); ${ASK} parentPort.postMessage(told);`;
    const workers = Array.from({ length: 3 }, () => {
      const worker = new Worker(code, { eval: true });
      return new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', (told) => {
          assert.deepEqual(told, TOLD);
          worker.terminate().then(resolve, reject);
        });
      });
    });
    await Promise.all(workers);
  }
});

test('two copies of the package do not disturb each other', () => {
  const first = require('crossgate');
  const paths = Object.keys(require.cache).filter((path) => !path.endsWith('.node'));
  for (const path of paths) delete require.cache[path];
  const second = require('crossgate');
  assert.notEqual(first, second);
  for (const { Policy } of [first, second]) {
    const policy = new Policy({ origin: 'https://app.example.com' });
    assert.equal(policy.decide({ origin: 'https://app.example.com' }).verdict, 'allowed');
  }
});

test('ESM and CommonJS share one copy', async () => {
  const { default: cors, Policy } = await import('crossgate');
  const commonJs = createRequire(new URL('./other.cjs', import.meta.url))('crossgate');
  assert.equal(typeof cors, 'function');
  assert.equal(new Policy().notes.length, 0);
  assert.equal(typeof commonJs.mcp, 'function');
});
