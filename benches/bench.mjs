// `make bench-node`: one JSON object a line. `--quick` for a look, `--only=micro` or `sockets`.
//
// `micro` is the middleware's added cost; `sockets` the server's processor time for a whole request,
// with that of a server without middleware for a floor.

import { parseArgs } from 'node:util';

import { micro } from './node/micro.mjs';
import { sockets } from './node/sockets.mjs';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const { quick, only } = values;

const parts = {
  micro: () => micro(quick ? 200 : 2000),
  sockets: () => sockets(quick ? { rounds: 1, seconds: 1 } : { rounds: 5, seconds: 1 }),
};

for (const [name, part] of Object.entries(parts)) {
  if (only !== undefined && only !== name) continue;
  for await (const row of part()) console.log(JSON.stringify(row));
}
