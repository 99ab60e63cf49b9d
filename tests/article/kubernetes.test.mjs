import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startRelay } from './relay.mjs';
import { LANGUAGES, startExample } from './servers.mjs';
import { ask, open } from './wire.mjs';

const run = promisify(execFile);

const SERVICE = 'mcp.tools.svc';
const ALIASES = ['', '.', '.cluster.local', '.cluster.local.'].map((end) => `${SERVICE}${end}`);
const LOOK_ALIKES = [
  'mcp.tools.svc.cluster.local.attacker.com',
  'mcp.tools.svc.attacker.com',
  'mcp.tools.svc.cluster.locale',
  'evil.cluster.local.attacker.com',
  'evil.cluster.local',
  'evil.tools.svc',
  'mcp.other.svc.cluster.local',
  'mcp.tools.pod.cluster.local',
  'mcp.tools',
  'xmcp.tools.svc',
  'mcp-tools.svc.cluster.local',
  'mcp.tools.svc..cluster.local',
  'web.dev',
];

const PAGE = 'http://web.tools.svc:8080';
const PAGES = ['', '.cluster.local', '.cluster.local.'].map((end) => `http://web.tools.svc${end}:8080`);
const OTHER_PAGES = [
  'http://web.tools.svc.cluster.local.attacker.com:8080',
  'http://evil.cluster.local.attacker.com:8080',
  'http://evil.attacker.com:8080',
  'http://web.dev:8080',
  'http://web.tools:8080',
  'http://xweb.tools.svc:8080',
  'http://web.other.svc.cluster.local:8080',
  'https://web.tools.svc.cluster.local:8080',
  'http://web.tools.svc.cluster.local:8081',
  'http://web.tools.svc.cluster.local',
  'null',
];

const TRICKS = ['/health/', '//health', '/health/../origin', '/health/x', '/%68ealth', '/Health'];

/** How a client comes to the server: the scheme of its addresses, and what is started. */
const WAYS = {
  'over http': ['http', (t, language) => start(t, language)],
  'over https': ['https', (t, language) => start(t, language, tls)],
  'over https that ends at a proxy': [
    'https',
    async (t, language) => {
      const [cert, key] = await Promise.all([tls.TLS_CERT, tls.TLS_KEY].map((file) => readFile(file)));
      return startRelay(t, await start(t, language), { cert, key });
    },
  ],
};

let directory;
let tls;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crossgate-cluster-'));
  const [TLS_CERT, TLS_KEY] = ['certificate.pem', 'key.pem'].map((file) => join(directory, file));
  tls = { TLS_CERT, TLS_KEY };
  const names = ALIASES.filter((name) => !name.endsWith('.')).map((name) => `DNS:${name}`);
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', `/CN=${SERVICE}`, '-addext', `subjectAltName=${names.join()}`, '-days', '2'],
    ...['-keyout', TLS_KEY, '-out', TLS_CERT],
  ]);
});
after(() => rm(directory, { recursive: true }));

for (const language of LANGUAGES) {
  for (const [way, [scheme, startServer]] of Object.entries(WAYS)) {
    test(`${language}: the official client connects by every name ${way}`, async (t) => {
      const server = await startServer(t, language);
      const { port } = new URL(server.origin('localhost'));
      const hosts = [...ALIASES, 'evil.tools.svc'].map((name) => `${name}:${port}`);
      const addresses = hosts.map((host) => `${scheme}://${host}/sse`);
      const program = fileURLToPath(new URL('kubernetes/client.mjs', import.meta.url));
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: tls.TLS_CERT };
      const { stdout } = await run(process.execPath, [program, ...addresses], { env });

      const results = stdout.trim().split('\n').map((line) => JSON.parse(line));
      const connected = results.slice(0, ALIASES.length);
      assert.deepEqual(
        connected,
        ALIASES.map((_, nth) => ({ address: addresses[nth], tools: ['echo'], said: hosts[nth] })),
      );
      // Over TLS it is the certificate that has no such name.
      const { error } = results.at(-1);
      assert.match(error, scheme === 'https' ? /fetch failed/ : /421/);
    });
  }

  test(`${language}: where messages go is said by a path`, async (t) => {
    const server = await start(t, language);
    for (const host of ALIASES) {
      const stream = await open(server, { path: '/sse', headers: { host } });
      await stream.until('ession');
      assert.match(stream.body(), /event: endpoint\r?\ndata: \/messages\/?\?/);
      await stream.cut();
    }
  });

  test(`${language}: look-alikes of the host are refused`, async (t) => {
    const server = await start(t, language);
    for (const host of LOOK_ALIKES) {
      for (const path of ['/sse', '/origin']) {
        const { status, body } = await ask(server, { path, headers: { host } });
        assert.ok([400, 421].includes(status), `${status} ${host}`);
        assert.ok(JSON.parse(body).error.message.includes(host));
      }
    }
  });

  test(`${language}: an origin has one name, which the client cannot make up`, async (t) => {
    const server = await start(t, language);
    const origin = async (headers) => {
      const answer = await ask(server, { path: '/origin', headers: { host: SERVICE, ...headers } });
      assert.equal(answer.headers['access-control-allow-origin'], headers.origin);
      return JSON.parse(answer.body).origin;
    };
    const forged = Object.fromEntries(
      ['x-normalized-origin', 'x-origin', 'x-forwarded-origin', 'forwarded', 'x-forwarded-host'].map(
        (name) => [name, 'http://admin.tools.svc'],
      ),
    );
    for (const page of PAGES) {
      assert.equal(await origin({ origin: page }), PAGE);
      assert.equal(await origin({ ...forged, origin: page }), PAGE);
    }
    assert.equal(await origin(forged), null);
  });

  test(`${language}: look-alikes of the origin are refused`, async (t) => {
    const server = await start(t, language);
    for (const origin of OTHER_PAGES) {
      const request = { path: '/origin', headers: { host: SERVICE, origin } };
      const { status, headers } = await ask(server, request);
      assert.equal(status, 403, origin);
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  test(`${language}: a probe may call by an address, and nobody else`, async (t) => {
    const server = await start(t, language);
    for (const host of ['10.0.0.7:8080', '[fd00::7]:8080', 'evil.example']) {
      const headers = { host };
      assert.equal((await ask(server, { path: '/health', headers })).status, 200);
      for (const path of ['/origin', '/sse', ...TRICKS]) {
        assert.equal((await ask(server, { path, headers })).status, 421, path);
      }
    }
  });
}

const start = (t, language, env = {}) =>
  startExample(t, 'kubernetes', language, { origins: [PAGE], hosts: [SERVICE], env });
