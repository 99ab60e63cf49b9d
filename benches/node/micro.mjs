// The middleware's added cost, beside npm cors and a floor: one call, real objects, no server.

import { createRequire } from 'node:module';
import { OutgoingMessage } from 'node:http';

import express from 'express';

import { CASES, OPTIONS, exchange } from './objects.mjs';

const require = createRequire(import.meta.url);
const { setHeader } = OutgoingMessage.prototype;

/** Each in a copy of its own, so that none lives on what V8 learned of another case. */
function load(name) {
  for (const path of Object.keys(require.cache)) {
    if (!path.endsWith('.node')) delete require.cache[path];
  }
  return require(name);
}

/** The same headers as ours, prebuilt, set by the same means, and nothing decided. */
function floor() {
  const [origin] = OPTIONS.origin;
  const share = { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' };
  const vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
  const preflight = {
    vary,
    ...share,
    'access-control-allow-methods': OPTIONS.methods.join(', '),
    'access-control-allow-headers': OPTIONS.allowedHeaders.join(', '),
    'access-control-max-age': '600',
  };
  const exposed = OPTIONS.exposedHeaders.join(', ');
  const body = 'origin `https://evil.example.net` is not allowed\n';
  const refusal = {
    vary,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(body.length),
    'x-content-type-options': 'nosniff',
  };
  return {
    'actual-allowed'(_, response, next) {
      setHeader.call(response, 'vary', 'Origin');
      setHeader.call(response, 'access-control-allow-origin', origin);
      setHeader.call(response, 'access-control-allow-credentials', 'true');
      setHeader.call(response, 'access-control-expose-headers', exposed);
      next();
    },
    'actual-refused'(_, response, next) {
      setHeader.call(response, 'vary', 'Origin');
      next();
    },
    'no-origin'(_, response, next) {
      setHeader.call(response, 'vary', 'Origin');
      next();
    },
    'preflight-allowed'(_, response) {
      response.writeHead(204, preflight);
      response.end();
    },
    'preflight-refused'(_, response) {
      response.writeHead(403, refusal);
      response.end(body);
    },
  };
}

/** Few enough that a batch is in the processor's cache, as a request on a server is. */
const BATCH = 50;

/** The lower quartile of the time of one call, for variants in turn. */
function measure(variants, name, shape, rounds) {
  const times = variants.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const order = variants.map((_, nth) => nth).sort(() => Math.random() - 0.5);
    for (const nth of order) {
      const batch = Array.from({ length: BATCH }, () => exchange(name, shape));
      times[nth].push(run(variants[nth], batch));
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[list.length >> 2]);
}

function run(middleware, batch) {
  const next = () => {};
  const start = process.hrtime.bigint();
  for (let nth = 0; nth < BATCH; nth += 1) middleware(batch[nth][0], batch[nth][1], next);
  return Number(process.hrtime.bigint() - start) / BATCH;
}

export function micro(rounds) {
  const rows = [];
  for (const [on, shape] of [['http', undefined], ['express', express()]]) {
    for (const name of Object.keys(CASES)) {
      const variants = [
        (_, __, next) => next(),
        load('crossgate')(OPTIONS),
        load('cors')(OPTIONS),
        floor()[name],
      ];
      const [none, ours, peer, least] = measure(variants, name, shape, rounds);
      // Who answers a preflight does all the work there is.
      const base = name.startsWith('preflight') ? 0 : none;
      rows.push(row({ on, case: name, peer: 'cors' }, ours - base, peer - base, least - base));
    }
  }
  return [...rows, ...positions(rounds)];
}

/** Preflights answered before Express runs, and by its first middleware. */
function positions(rounds) {
  const application = (_, response) => response.end('{}');
  return Object.keys(CASES).filter((name) => name.startsWith('preflight')).map((name) => {
    const variants = [
      load('crossgate').wrap(express().use(application), OPTIONS),
      express().use(load('cors')(OPTIONS), application),
      floor()[name],
    ];
    return row({ on: 'express, wrap', case: name, peer: 'cors' }, ...measure(variants, name, undefined, rounds));
  });
}

export function row({ on, case: name, peer }, ours, theirs, least) {
  return {
    bench: 'node',
    case: name,
    on,
    peer,
    ours_ns: Math.round(ours),
    peer_ns: Math.round(theirs),
    floor_ns: Math.round(least),
    ratio: Number((theirs / ours).toFixed(2)),
  };
}
