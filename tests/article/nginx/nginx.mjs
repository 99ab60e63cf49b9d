import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
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

