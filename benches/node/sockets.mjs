// Whole requests over sockets: the processor time of the server for one, which other programs on the
// machine disturb less than requests per second.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import autocannon from 'autocannon';

import { CASES } from './objects.mjs';

const PEERS = {
  http: [['crossgate', 'cors', 'cors']],
  express: [
    ['crossgate', 'cors', 'cors'],
    ['crossgate.wrap', 'cors', 'cors'],
    ['crossgate.wrap', 'cors before it', 'cors, before Express'],
  ],
  fastify: [['crossgate', 'cors', '@fastify/cors']],
  hono: [['crossgate', 'cors', 'hono/cors']],
};

/** Microseconds of processor time a request, and requests a second, of each in turn. */
async function measure(framework, names, name, { rounds, seconds }) {
  const servers = new Map();
  for (const middleware of names) {
    const child = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), [framework, middleware]);
    const [port] = await once(child, 'message');
    servers.set(middleware, { child, port, cpu: [], rate: [] });
  }
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const server of servers.values()) {
        const before = await usage(server);
        const { requests, duration } = await load(server, name, seconds);
        const used = (await usage(server)) - before;
        // The first round warms up.
        if (round === 0) continue;
        server.cpu.push(used / requests.total);
        server.rate.push(requests.total / duration);
      }
    }
  } finally {
    for (const { child } of servers.values()) child.kill();
  }
  const quartile = (list, at) => list.sort((a, b) => a - b)[Math.floor(list.length * at)];
  return Object.fromEntries(
    [...servers].map(([key, { cpu, rate }]) => [key, { cpu: quartile(cpu, 0.25), rate: quartile(rate, 0.75) }]),
  );
}

async function usage({ child }) {
  child.send('usage');
  const [{ user, system }] = await once(child, 'message');
  return user + system;
}

function load({ port }, name, seconds) {
  const { method, ...headers } = CASES[name];
  return autocannon({ url: `http://127.0.0.1:${port}/`, method, headers, connections: 16, duration: seconds });
}

export async function* sockets({ rounds, seconds }) {
  for (const [framework, pairs] of Object.entries(PEERS)) {
    const names = [...new Set(['none', ...pairs.flatMap(([ours, theirs]) => [ours, theirs])])];
    for (const name of Object.keys(CASES)) {
      const measured = await measure(framework, names, name, { rounds, seconds });
      for (const [ours, theirs, peer] of pairs) {
        yield {
          bench: 'node',
          case: name,
          on: `${framework}, sockets${ours === 'crossgate' ? '' : ', wrap'}`,
          peer,
          ours_ns: Math.round(1000 * measured[ours].cpu),
          peer_ns: Math.round(1000 * measured[theirs].cpu),
          floor_ns: Math.round(1000 * measured.none.cpu),
          ratio: Number((measured[theirs].cpu / measured[ours].cpu).toFixed(2)),
          requests_ratio: Number((measured[ours].rate / measured[theirs].rate).toFixed(2)),
        };
      }
    }
  }
}

