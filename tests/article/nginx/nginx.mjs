import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { INITIALIZE } from '../raw.mjs';

const PATH = `${process.env.PATH}:/usr/sbin`;

/** The names of the page and of the MCP server: one site, so that a cookie goes along. */
export const APP = 'app.example.test';
export const API = 'api.example.test';

/**
 * Starts nginx with the block in the file `conf`, which stands for what a user keeps in
 * `conf.d/`, in front of the server at `upstream`; the pages are behind the same nginx, over TLS.
 */
export async function startNginx(t, conf, { port, upstream, pages }) {
  const prefix = await mkdtemp(join(tmpdir(), 'crossgate-nginx-'));
  t.after(() => rm(prefix, { recursive: true }));
  await makeCertificate(prefix);
  const block = await readFile(conf, 'utf8');

  await writeFile(join(prefix, 'block.conf'), placed(block, { prefix, port, upstream }));
  await writeFile(join(prefix, 'nginx.conf'), mainConf({ prefix, port, pages }));
  const child = spawn('nginx', ['-p', prefix, '-c', 'nginx.conf'], {
    env: { ...process.env, PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = once(child, 'close');
  t.after(async () => {
    kill();
    await closed;
    process.off('exit', kill);
  });
  await listening(child);
}

/** Sends `initialize`, as nobody's page, and gives what is answered. */
export async function ask(nginx, options) {
  const response = await open(nginx, options);
  const body = (await response.toArray()).join('');
  return { status: response.statusCode, headers: response.headers, body };
}

/** Does the same, and gives the answer before its body. */
export function open({ port }, { path = '/mcp', host = `${API}:${port}`, origin } = {}) {
  const headers = {
    host,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    ...(origin !== undefined && { origin }),
  };
  const options = { host: '127.0.0.1', port, path, method: 'POST', headers, servername: API };
  return new Promise((resolve, reject) => {
    // The certificate is the test's own.
    request({ ...options, rejectUnauthorized: false }, resolve)
      .once('error', reject)
      .end(INITIALIZE);
  });
}

/** The block with this test's names: every name that a user replaces must be there. */
function placed(block, { prefix, port, upstream }) {
  const names = {
    'listen 443': `listen 127.0.0.1:${port}`,
    '/etc/ssl/certs/mcp.example.com.pem': join(prefix, 'certificate.pem'),
    '/etc/ssl/private/mcp.example.com.key': join(prefix, 'key.pem'),
    'server_name mcp.example.com': `server_name ${API}`,
    '127.0.0.1:8002': new URL(upstream).host,
  };
  const escaped = {
    'https://mcp\\.example\\.com(?::443)?': pattern(`https://${API}:${port}`),
    'https://app\\.example\\.com': pattern(`https://${APP}:${port}`),
  };
  let text = block;
  for (const [name, value] of Object.entries({ ...names, ...(/\bmap\b/.test(block) && escaped) })) {
    if (!text.includes(name)) throw new Error(`no ${name} in the block`);
    text = text.replaceAll(name, () => value);
  }
  return text;
}

const pattern = (text) => text.replaceAll('.', '\\.');

/** One process, that belongs to whoever runs the test, and keeps its files in `prefix`. */
function mainConf({ prefix, port, pages }) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${prefix}/nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    ${temporary.map((name) => `${name}_temp_path ${prefix}/${name};`).join('\n    ')}
    include block.conf;
    server {
        listen 127.0.0.1:${port} ssl http2;
        server_name ${APP} other.example.test;
        ssl_certificate ${prefix}/certificate.pem;
        ssl_certificate_key ${prefix}/key.pem;
        location / { proxy_pass ${pages}; }
    }
}
`;
}

async function makeCertificate(prefix) {
  const names = [API, APP, 'other.example.test'].map((name) => `DNS:${name}`).join();
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', `/CN=${API}`, '-addext', `subjectAltName=${names}`, '-days', '2'],
    ...['-keyout', join(prefix, 'key.pem'), '-out', join(prefix, 'certificate.pem')],
  ]);
}

/** nginx chooses how it waits for events after it has opened its sockets, and says so. */
function listening(child) {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      printed += text;
      if (/using the "\w+" event method/.test(printed)) resolve();
    });
    child.once('error', ({ message }) => reject(new Error(`no nginx: ${message}`)));
    child.once('exit', () => reject(new Error(`nginx did not start:\n${printed}`)));
  });
}
