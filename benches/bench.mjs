// `make bench-node`: one JSON object a line. `--quick` for a look, `--only=micro` for one part.

import { parseArgs } from 'node:util';

import { micro } from './node/micro.mjs';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});

const parts = { micro: () => micro(values.quick ? 200 : 2000) };

for (const [name, part] of Object.entries(parts)) {
  if (values.only !== undefined && values.only !== name) continue;
  for (const row of await part()) console.log(JSON.stringify(row));
}
