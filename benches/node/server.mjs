// One server for one measurement: `node server.mjs FRAMEWORK MIDDLEWARE`. On a message it says what
// processor time it has used.

import { createServer } from 'node:http';

import fastifyCors from '@fastify/cors';
import { getRequestListener } from '@hono/node-server';
import peer from 'cors';
import cors from 'crossgate';
import crossgateFastify from 'crossgate/fastify';
import { wrap as wrapFetch } from 'crossgate/fetch';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { cors as honoCors } from 'hono/cors';

import { OPTIONS } from './objects.mjs';

const [framework, middleware] = process.argv.slice(2);
const application = (_, response) => response.end('{}');

const SERVERS = {
  http: {
    none: () => createServer(application),
    cors: () => listening(peer(OPTIONS)),
    crossgate: () => listening(cors(OPTIONS)),
  },
  express: {
    none: () => createServer(express().use(application)),
    cors: () => createServer(express().use(peer(OPTIONS), application)),
    crossgate: () => createServer(express().use(cors(OPTIONS), application)),
    'crossgate.wrap': () => createServer(cors.wrap(express().use(application), OPTIONS)),
    'cors before it': () => {
      const app = express().use(application);
      const first = peer(OPTIONS);
      return createServer((request, response) => first(request, response, () => app(request, response)));
    },
  },
  fastify: {
    none: () => fastify(),
    cors: () => fastify(fastifyCors, { ...OPTIONS, strictPreflight: false }),
    crossgate: () => fastify(crossgateFastify, OPTIONS),
  },
  hono: {
    none: () => createServer(getRequestListener(hono().fetch)),
    cors: () => {
      const { methods: allowMethods, allowedHeaders: allowHeaders, exposedHeaders: exposeHeaders, ...rest } = OPTIONS;
      return createServer(getRequestListener(hono(honoCors({ allowMethods, allowHeaders, exposeHeaders, ...rest })).fetch));
    },
    crossgate: () => createServer(getRequestListener(wrapFetch(hono().fetch, OPTIONS))),
  },
};

function listening(first) {
  return createServer((request, response) => first(request, response, () => application(request, response)));
}

async function fastify(plugin, options) {
  const app = Fastify();
  if (plugin !== undefined) await app.register(plugin, options);
  app.get('/', (_, reply) => reply.send('{}'));
  app.options('/plain', (_, reply) => reply.send());
  await app.ready();
  return app.server;
}

function hono(first) {
  const app = new Hono();
  if (first !== undefined) app.use(first);
  return app.get('/', (context) => context.body('{}'));
}

const server = await SERVERS[framework][middleware]();
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('message', () => process.send(process.cpuUsage()));
