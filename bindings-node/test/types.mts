// Compiles: what users of npm cors's types, and of ours, write.

import { createServer } from 'node:http';

import cors, {
  ConfigError,
  Policy,
  PolicyHandle,
  attach,
  decisionOf,
  verifyUpgrade,
  type CorsOptions,
  type CorsOptionsDelegate,
  type DecisionEvent,
} from 'crossgate';
import crossgateFastify from 'crossgate/fastify';
import { wrap } from 'crossgate/fetch';
import express, { type Request } from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';

const options: CorsOptions = {
  origin: ['https://app.example.com', /^https:\/\/x\.example$/, [true, 'https://y.example']],
  methods: 'GET,PUT',
  allowedHeaders: ['Content-Type', 'Mcp-Param-*'],
  credentials: true,
  maxAge: 600,
  optionsSuccessStatus: 200,
  allowedHosts: ['api.example.com'],
  onDecision: (event: DecisionEvent) => event.reason satisfies string | null,
};
const delegate: CorsOptionsDelegate<Request> = (request, callback) => {
  callback(null, { origin: request.ip === '127.0.0.1' });
};

const app = express();
app.use(cors());
app.use(cors(options));
app.use(cors<Request>(delegate));
app.get('/', cors({ origin: async (origin) => origin === 'https://a.example' }), (request, response) => {
  response.json(decisionOf(request)?.verdict satisfies 'allowed' | 'refused' | 'not-cors' | undefined);
});
app.options('/', cors({ origin: (origin, callback) => callback(null, origin !== undefined) }));

const handle = new PolicyHandle(Policy.mcp({ origin: '*', allowedHosts: [] }));
handle.replace({ origin: false });
app.use(cors.mcp(handle));

const server = attach(createServer(cors.wrap(app, cors(options))), handle);
server.on('upgrade', verifyUpgrade(handle, (_, socket) => socket.end()));

export default { fetch: wrap(new Hono().fetch, options) };
await Fastify().register(crossgateFastify, { origin: true, prefix: '/api' });

try {
  // @ts-expect-error -- no such option
  new Policy({ origins: [] });
} catch (error) {
  if (error instanceof ConfigError) error.problems.map(({ option, text }) => `${option} ${text}`);
}
// @ts-expect-error -- no such word
cors({ denied: 'block' });
