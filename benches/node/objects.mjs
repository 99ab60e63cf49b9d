// Requests and responses as Node's server makes them, without a server.

import { IncomingMessage, ServerResponse } from 'node:http';

/** The requests of a browser, by case. */
export const CASES = {
  'actual-allowed': { method: 'GET', origin: 'https://app.example.com' },
  'actual-refused': { method: 'GET', origin: 'https://evil.example.net' },
  'no-origin': { method: 'GET' },
  'preflight-allowed': {
    method: 'OPTIONS',
    origin: 'https://app.example.com',
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization,content-type',
  },
  'preflight-refused': {
    method: 'OPTIONS',
    origin: 'https://evil.example.net',
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization,content-type',
  },
};

/** What both sides are told. */
export const OPTIONS = {
  origin: ['https://app.example.com', 'https://admin.example.com', 'https://example.org'],
  methods: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'],
  allowedHeaders: ['Content-Type', 'Authorization', 'X-Requested-With', 'X-Trace-Id'],
  exposedHeaders: ['X-Total-Count', 'X-Trace-Id'],
  credentials: true,
  maxAge: 600,
};

const COMMON = {
  host: 'api.example.com',
  connection: 'keep-alive',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/143.0 Safari/537.36',
  accept: '*/*',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-US,en;q=0.9',
};

/**
 * A request and its response. Header strings are fresh, as the parser makes them: a string that was
 * seen before compares by its address and has its hash.
 */
export function exchange(name, express) {
  const { method, ...headers } = CASES[name];
  const request = new IncomingMessage(null);
  request.method = method;
  request.url = '/items?page=2';
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  const lines = Object.entries({ ...COMMON, ...headers }).flat().map(fresh);
  request._addHeaderLines(lines, lines.length);
  // The parser's work, which somebody in the chain has done.
  void request.headers;
  const response = new ServerResponse(request);
  if (express !== undefined) {
    // What an Express application does before the first middleware.
    response.setHeader('X-Powered-By', 'Express');
    request.res = response;
    response.req = request;
    Object.setPrototypeOf(request, express.request);
    Object.setPrototypeOf(response, express.response);
    response.locals = Object.create(null);
  }
  return [request, response];
}

function fresh(text) {
  return Buffer.from(text, 'latin1').latin1Slice();
}
