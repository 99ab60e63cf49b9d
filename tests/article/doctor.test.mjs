import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { python, SERVERS, startServer } from 'crossgate-browser-harness/servers.mjs';

import { startNginx } from './nginx/nginx.mjs';
import { freePort } from './port.mjs';

const APP = 'https://app.example.com';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

before(() => run('cargo', ['build', '--quiet', '--package', 'crossgate-cli'], { cwd: ROOT }));

for (const [language, command] of Object.entries(SERVERS)) {
  for (const credentials of [false, true]) {
    const words = credentials ? 'with credentials' : 'without credentials';
    test(`${language}: doctor finds nothing at an MCP server, ${words}`, async (t) => {
      const settings = { origins: [APP], hosts: ['api.example.com'], credentials };
      const server = await start(t, command, settings);
      const report = await doctor(server, '/mcp', ['--mcp', ...(credentials ? CREDENTIALS : [])]);
      assert.deepEqual(report.findings, []);
      assert.equal(report.verdict, 'fine');
      const initialized = report.probes.find(({ name }) => name === 'initialize');
      assert.equal(initialized.status, 200);
      const statuses = ['foreign call', 'rebound name'].map(
        (wanted) => report.probes.find(({ name }) => name === wanted).status,
      );
      assert.deepEqual(statuses, [403, 421]);
    });
  }
}

const CREDENTIALS = ['--credentials'];
const PUT = ['--method', 'PUT', '--header', 'X-Api-Key', ...CREDENTIALS];

/** What doctor says of others: the server, its settings, what is asked, the verdict, the findings. */
const OTHERS = [
  ['cors.mjs', '{ "origin": ["https://app.example.com"], "credentials": true }', PUT, 'fine', []],
  ['cors.mjs', '{}', PUT, 'problems', ['wildcard-with-credentials']],
  ['cors.mjs', '{ "credentials": true }', [], 'problems', ['wildcard-with-credentials']],
  [
    'cors.mjs',
    '{ "origin": true, "credentials": true }',
    PUT,
    'vulnerable',
    ['reflects-any-origin'],
  ],
  [
    'cors.mjs',
    '{ "origin": "https://app.example.com", "methods": ["put"], "credentials": true }',
    PUT,
    'problems',
    ['method-not-allowed'],
  ],
  [
    'starlette_cors.py',
    '{ "allow_origins": ["https://app.example.com"], "allow_credentials": true }',
    PUT,
    'problems',
    ['preflight-status', 'method-not-allowed', 'header-not-allowed'],
  ],
  [
    'starlette_cors.py',
    '{ "allow_origins": ["*"], "allow_credentials": true }',
    CREDENTIALS,
    'vulnerable',
    ['reflects-any-origin'],
  ],
  [
    'starlette_cors.py',
    '{ "allow_origin_regex": "https://.*.example.com", "allow_methods": ["PUT"], "allow_headers": ["*"], "allow_credentials": true }',
    PUT,
    'vulnerable',
    // The dot before `example.com` is any character.
    ['lookalike-origin'],
  ],
];

for (const [program, settings, args, verdict, findings] of OTHERS) {
  test(`${program} ${settings}: doctor says ${findings.join(', ') || verdict}`, async (t) => {
    const server = await start(t, [...interpreter(program), file(`doctor/${program}`), settings]);
    const report = await doctor(server, '/api', args);
    assert.deepEqual(report.findings.map(({ id }) => id), findings);
    assert.equal(report.verdict, verdict);
  });
}

test('doctor says that the Python SDK refuses what its CORS allows', async (t) => {
  const server = await start(t, [python(), file('doctor/python_sdk.py')]);
  const report = await doctor(server, '/mcp', ['--mcp']);
  assert.deepEqual(report.findings.map(({ id }) => id), ['refused-by-guard']);
});

test('doctor says that FastMCP as it comes knows neither CORS nor its own name', async (t) => {
  const server = await start(t, [file('../../target/sdks/fastmcp/bin/python'), file('doctor/fastmcp_plain.py')]);
  const report = await doctor(server, '/mcp', ['--mcp']);
  const findings = ['dns-rebinding', 'missing-allow-origin', 'missing-allow-origin', 'origin-not-checked'];
  assert.deepEqual(report.findings.map(({ id }) => id), findings);
  assert.equal(report.verdict, 'vulnerable');
});

/** MCP servers as they stand: the program, and what doctor says of it. `docs/doctor.md` has them. */
const EXAMPLE = '@modelcontextprotocol/sdk/examples/server/';
const MCP_SERVERS = [
  [[`${EXAMPLE}simpleStreamableHttp.js`], ['missing-allow-origin', 'origin-not-checked']],
  [[`${EXAMPLE}ssePollingExample.js`], ['origin-not-checked', 'no-cors-on-errors', 'not-exposed']],
  [
    [`${EXAMPLE}honoWebStandardStreamableHttp.js`],
    ['origin-not-checked', 'dns-rebinding', 'mcp-headers'],
  ],
  [
    ['mcp-proxy/dist/bin/mcp-proxy.mjs', '--', process.execPath, file('doctor/stdio.mjs')],
    ['origin-not-checked', 'dns-rebinding', 'missing-vary', 'mcp-methods', 'mcp-headers'],
  ],
];

for (const [program, findings] of MCP_SERVERS) {
  test(`${program[0]}: doctor says ${findings.join(', ')}`, async (t) => {
    const server = await start(t, [process.execPath, file('doctor/example.mjs'), ...program]);
    const report = await doctor(server, '/mcp', ['--mcp']);
    assert.deepEqual(report.findings.map(({ id }) => id), findings);
  });
}

test('doctor says what the block that is often written for nginx does', async (t) => {
  const application = await start(t, SERVERS.express, { origins: [APP], hosts: ['*'] });
  const port = await freePort();
  const upstream = application.origin('127.0.0.1');
  await startNginx(t, file('nginx/article.conf'), { port, upstream, pages: upstream });
  const nginx = { origin: (host) => `https://${host}:${port}` };
  const report = await doctor(nginx, '/mcp/', ['--mcp', '--insecure']);
  assert.deepEqual(report.findings.map(({ id }) => id), ['reflects-any-origin', 'repeated-allow-origin']);
});

async function start(t, command, settings = {}) {
  const server = await startServer(command, settings, () => {});
  t.after(() => server.stop());
  return server;
}

async function doctor(server, path, args) {
  const url = `${server.origin('127.0.0.1')}${path}`;
  const program = `${process.env.CARGO_TARGET_DIR ?? `${ROOT}target`}/debug/crossgate`;
  const all = ['doctor', url, '--origin', APP, '--json', ...args];
  // Its exit status is not 0 if anything is wrong.
  const { stdout } = await run(program, all).catch((error) => error);
  return JSON.parse(stdout);
}

const interpreter = (program) => [program.endsWith('.py') ? python() : process.execPath];

function file(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}
