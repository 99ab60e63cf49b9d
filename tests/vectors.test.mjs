// Runs the vectors against the Node package: each row by `Policy.decide`, through the middleware on
// plain objects, and through the middleware on a real server, on every binary of the core there is.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { METHODS, createServer } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';

import cors, { ConfigError, Policy } from 'crossgate';
import { OPTIONS } from 'crossgate/options.js';
import native from 'crossgate/native.js';

const folder = new URL('vectors/', import.meta.url);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.json') && name !== 'rules.json')
  .map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, folder), 'utf8')) }));

const spellings = Object.fromEntries(OPTIONS.map(({ core, name }) => [core, name]));

for (const { name, about, policies = {}, cases, ...unknown } of files) {
  test(name, async () => {
    assert.deepEqual(unknown, {}, 'unknown keys');
    assert.ok(about);
    const faults = [];
    for (const row of cases) {
      try {
        await check(row, policies);
      } catch (error) {
        faults.push(`it ${row.name}\n${error.message}`);
      }
    }
    assert.equal(faults.length, 0, `${faults.length} of ${cases.length} rows\n\n${faults.join('\n\n')}`);
  });
}

test('there are rows', () => {
  assert.ok(files.flatMap(({ cases }) => cases).length >= 150);
});

async function check(row, policies) {
  const { name, rules, policy: named, request, given, want, ...unknown } = row;
  assert.deepEqual(unknown, {}, 'unknown keys');
  assert.ok(name && rules.length > 0);
  const options = typeof named === 'string' ? policies[named] : named;
  assert.ok(options, 'the policy is defined');
  if (want.problems !== undefined || want.notes !== undefined) {
    checkConfiguration(options, want);
    return;
  }
  const wanted = readWant(want);
  const policy = build(options);
  for (let time = 0; time < 2; time += 1) {
    const decision = policy.decide(toRequest(request), given);
    assert.deepEqual(ofDecision(decision, wanted), wanted, 'Policy.decide');
    decision.headers['access-control-allow-origin'] = 'spoiled';
  }
  const middleware = cors(build(options, given));
  for (let time = 0; time < 2; time += 1) {
    const answer = await onObjects(middleware, request, wanted);
    assert.deepEqual(answer, visible(wanted), 'plain objects');
  }
  if (!isSendable(request)) return;
  for (let time = 0; time < 2; time += 1) {
    const answer = await onServer(middleware, request, wanted);
    assert.deepEqual(answer, visible(wanted), 'a real server');
  }
}

/** The options in the core's names, as a policy of this package. */
function build({ preset, add, paths, allow_origin_regex: source, ...core }, given) {
  const options = {};
  for (const [option, value] of Object.entries(core)) {
    assert.ok(option in spellings, `unknown option ${option}`);
    options[spellings[option]] = value;
  }
  for (const [kind, list] of Object.entries(paths ?? {})) options[spellings[`${kind}_paths`]] = list;
  assert.ok(add === undefined || add === 'mcp');
  const origins = [];
  if (core.allow_origins !== undefined) origins.push(...core.allow_origins);
  if (source !== undefined && source !== null) origins.push(toRegExp(source));
  if (core.origins_by_host) origins.push(() => given ?? false);
  delete options.origin;
  const stated = core.allow_origins ?? source ?? core.origins_by_host;
  if (stated !== undefined) options.origin = origins;
  return add === 'mcp' ? Policy.mcp(options) : new Policy(options, preset);
}

/** The expression in JavaScript's syntax, anchored, as this package demands. */
function toRegExp(source) {
  const [, flags = '', body] = source.match(/^(?:\(\?([a-z]+)\))?(.*)$/s);
  return new RegExp(`^(?:${body})$`, flags);
}

function checkConfiguration(options, want) {
  const { problems, notes, ...unknown } = want;
  assert.deepEqual(unknown, {}, 'unknown keys');
  if ('allow_origin_regex' in options) {
    // An expression of JavaScript that the core does not speak is no problem here.
    checkAtTheBorder(options, want);
    return;
  }
  let found;
  try {
    found = { notes: build(options).notes };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    found = { problems: error.problems };
    assert.equal(error.message, error.problems.map(({ text }) => text).join('\n'));
  }
  const kind = problems === undefined ? 'notes' : 'problems';
  assert.deepEqual(found, { [kind]: want[kind].map(respell) });
}

/** The core's problems in the spelling of this package. */
function respell({ option, value, reason, text }) {
  const words = Object.keys(spellings).sort((a, b) => b.length - a.length);
  return {
    option: spellings[option],
    value,
    reason,
    text: text.replace(new RegExp(`\\b(?:${words.join('|')})\\b`, 'g'), (word) =>
      word === 'denied' ? word : spellings[word],
    ),
  };
}

function checkAtTheBorder({ preset = 'DEFAULT', ...core }, { problems, notes }) {
  const config = { ...JSON.parse(native.presets())[preset], ...core };
  const compiled = native.compile(JSON.stringify(config), false);
  const told = JSON.parse(compiled.problems ?? compiled.notes).map(({ fix: _, ...problem }) => problem);
  assert.deepEqual(told, problems ?? notes);
  assert.equal(compiled.problems === undefined, problems === undefined);
}

function readWant(want) {
  const { decision, status, headers = {}, vary = null, denial, body, content_type: type, ...unknown } = want;
  assert.deepEqual(unknown, {}, 'unknown keys');
  assert.equal(decision, status === undefined ? 'continue' : 'respond');
  const stated = {};
  if (body !== undefined) stated.body = body;
  if (type !== undefined) stated.contentType = type;
  return { status: status ?? null, headers, vary, denial: denial ?? null, ...stated };
}

function ofDecision(decision, wanted) {
  const { status, headers, vary, reason, value, body, contentType } = decision;
  const seen = { status, headers, vary, denial: reason === null ? null : { rule: reason, value } };
  if ('body' in wanted) seen.body = body ?? '';
  if ('contentType' in wanted) seen.contentType = contentType;
  return seen;
}

/** What of a decision can be seen from outside. */
function visible({ denial: _, ...wanted }) {
  return wanted;
}

const FIELDS = {
  method: 'method',
  path: 'path',
  host: 'host',
  origin: 'origin',
  access_control_request_method: 'accessControlRequestMethod',
  access_control_request_headers: 'accessControlRequestHeaders',
};

function toRequest(request = {}) {
  return Object.fromEntries(
    Object.entries(request).map(([field, value]) => {
      assert.ok(field in FIELDS, `unknown field ${field}`);
      return [FIELDS[field], Array.isArray(value) ? value.join(', ') : value];
    }),
  );
}

function headersOf({ method: _, path: __, ...headers }) {
  return Object.entries(headers).map(([field, value]) => [field.replaceAll('_', '-'), value]);
}

/** The middleware on objects that are no more than what it reads and writes. */
function onObjects(middleware, request = {}, wanted) {
  const { method = 'GET', path = '/' } = request;
  return new Promise((resolve, reject) => {
    const headers = {};
    const answered = (status, body) => {
      resolve(seen({ status, headers: Object.entries(headers), body }, wanted));
    };
    const response = {
      statusCode: 200,
      getHeader: (name) => headers[name],
      setHeader: (name, value) => (headers[name] = value),
      removeHeader: (name) => delete headers[name],
      end: (body) => answered(response.statusCode, body),
    };
    const incoming = { method, url: path, headers: Object.fromEntries(headersOf(request)) };
    middleware(incoming, response, (error) => (error ? reject(error) : answered(null)));
  });
}

/** The middleware on a server of Node's, by a request written byte for byte. */
async function onServer(middleware, request = {}, wanted) {
  const server = createServer({ requireHostHeader: false }, (incoming, outgoing) => {
    middleware(incoming, outgoing, () => outgoing.writeHead(APPLICATION).end());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { method = 'GET', path = '/' } = request;
    const fields = headersOf(request).flatMap(([name, value]) =>
      [value].flat().map((line) => `${name}: ${line}\r\n`),
    );
    const text = await exchange(
      server.address().port,
      `${method} ${path} HTTP/1.1\r\n${fields.join('')}connection: close\r\n\r\n`,
    );
    const [head, ...body] = text.split('\r\n\r\n');
    const [start, ...lines] = head.split('\r\n');
    const code = Number(start.split(' ')[1]);
    const status = code === APPLICATION ? null : code;
    const headers = lines.map((line) => line.match(/^([^:]*): (.*)$/).slice(1));
    return seen({ status, headers, body: body.join('\r\n\r\n') }, wanted);
  } finally {
    server.close();
  }
}

function exchange(port, request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** An answer in the terms of a row. */
function seen({ status, headers, body = '' }, wanted) {
  const ours = headers.filter(([name]) => name.startsWith('access-control-'));
  assert.equal(new Set(ours.map(([name]) => name)).size, ours.length, 'each header once');
  const value = (wantedName) => headers.find(([name]) => name === wantedName)?.[1] ?? null;
  const answer = { status, headers: Object.fromEntries(ours), vary: value('vary') };
  if ('body' in wanted) answer.body = body;
  if ('contentType' in wanted) answer.contentType = value('content-type');
  const hasBody = status >= 300 && wanted.body !== '';
  assert.equal(value('x-content-type-options'), hasBody ? 'nosniff' : null);
  return answer;
}

/** Whether a request can be sent: Node's parser refuses the rest, or trims it. */
function isSendable(request = {}) {
  const { method = 'GET', path = '/', ...headers } = request;
  const values = Object.values(headers).flat();
  return (
    METHODS.includes(method) &&
    /^[!-~]+$/.test(path) &&
    // eslint-disable-next-line no-control-regex -- these are what the parser refuses
    values.every((value) => !/[\0-\x08\x0a-\x1f\x7f]|^\s|\s$/.test(value))
  );
}

/** The status of the application, which no policy gives. */
const APPLICATION = 418;
