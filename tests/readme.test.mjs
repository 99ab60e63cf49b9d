// The JavaScript of READMEs and guides runs as it stands, and the table names the options that
// there are.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const { OPTIONS } = require('../bindings-node/options.js');
const native = require('../bindings-node/native.js');

const guides = readdirSync(`${root}docs`).filter((name) => name.endsWith('.md'));

for (const file of ['README.md', 'bindings-node/README.md', ...guides.map((g) => `docs/${g}`)]) {
  const text = readFileSync(root + file, 'utf8');
  for (const [nth, [, indent, lines]] of [...text.matchAll(/^( *)```js\n(.*?)```/gms)].entries()) {
    const block = lines.replaceAll(`\n${indent}`, '\n').trimStart();
    const type = /^import /m.test(block) ? 'module' : 'commonjs';
    // From the root, where `crossgate` and the frameworks are installed.
    test(`${file}, block ${nth + 1}`, () => {
      execFileSync(process.execPath, [`--input-type=${type}`, '--eval', block], {
        cwd: root,
        timeout: 20_000,
        stdio: 'pipe',
      });
    });
  }
}

test('the table of options is complete', () => {
  const text = readFileSync(root + 'README.md', 'utf8');
  const table = [...text.matchAll(/^\| `(\w+)` \| `(\w+)(?:: \w+)?` \|/gm)];
  assert.deepEqual(
    table.map(([, core, name]) => [core, name]),
    OPTIONS.map(({ core, name }) => [core, name]),
  );
});

test('the package’s table has every option and its default', () => {
  const text = readFileSync(`${root}bindings-node/README.md`, 'utf8');
  const table = [...text.matchAll(/^\| `(\w+)` \| `?(.+?)`? \|/gm)].map(([, name, value]) => [name, value]);
  const preset = JSON.parse(native.presets()).EXPRESS;
  const shown = (value) =>
    Array.isArray(value) ? value.join(',') || '[]' : String(value);
  const policy = OPTIONS.filter(({ core, name }, nth) => OPTIONS[nth - 1]?.name !== name && core in preset);
  assert.deepEqual(table, [
    ...policy.map(({ core, name }) => [name, shown(preset[core])]),
    ['originCacheSeconds', 'none'],
    ['preflightContinue', 'false'],
    ['nextOnError', 'false'],
    ['onDecision', 'none'],
    ['policy', 'none'],
  ]);
});
