// Runs the explanations of `explain/` against the Node package.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { Policy } from 'crossgate';
import { OPTIONS } from 'crossgate/options.js';

const folder = new URL('explain/', import.meta.url);
const files = readdirSync(folder).map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
const spellings = Object.fromEntries(OPTIONS.map(({ core, name }) => [core, name]));

for (const { policies, cases } of files) {
  for (const { name, policy, page, given = false, want, mended } of cases) {
    test(`it ${name}`, () => {
      const { browsers, text, ...found } = explain(policies[policy], page, given);
      const { browsers: wanted = browsers, ...rest } = want;
      const fix = rest.fix && respell(rest.fix);
      assert.deepEqual(found, { ...rest, fix, traps: rest.traps.map(respell) });
      assert.deepEqual(browsers, wanted);
      assert.ok([fix ?? '', ...found.traps].every((part) => text.includes(part)), text);
      if (mended === undefined) return;
      assert.ok(explain({ ...policies[policy], ...mended }, page, given).allowed);
    });
  }
}

test('there are rows', () => {
  assert.ok(files.flatMap(({ cases }) => cases).length >= 25);
});

test('the headers of a page may be a `Headers`, and the URL a `URL`', () => {
  const page = { origin: 'https://a.example', url: new URL('https://api.example.com/') };
  const { fix } = new Policy({ origin: 'https://a.example' }).explain({
    ...page,
    headers: new Headers({ 'X-Api-Key': '1' }),
  });
  assert.equal(fix, 'add `x-api-key` to allowedHeaders');
});

/** The options in the core's names, as a policy of this package. */
function explain({ preset, origins_by_host: byHost, ...core }, page, given) {
  const options = Object.entries(core).map(([name, value]) => [spellings[name], value]);
  const origin = byHost ? { origin: () => given } : {};
  return new Policy({ ...Object.fromEntries(options), ...origin }, preset).explain(page, given);
}

function respell(text) {
  return text.replace(/\b[a-z]+(?:_[a-z]+)+\b/g, (word) => spellings[word]);
}
