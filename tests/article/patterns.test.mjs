import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fetchIn, openPage, pageOrigin, useBrowser } from './browser.mjs';
import { LANGUAGES, startExample } from './servers.mjs';
import { ask } from './wire.mjs';

useBrowser();

const API = 'api.localhost';
const ORIGINS = ['https://*.your-domain.com', 'http://localhost:*'];

const ALLOWED = [
  'https://app.your-domain.com',
  'https://a.b.your-domain.com',
  'http://localhost:5173',
  'http://localhost',
];
const REFUSED = {
  'a path that ends as the pattern does': 'https://evil.com/.your-domain.com',
  'the domain as the beginning of another': 'https://your-domain.com.evil.com',
  'the domain as the end of another': 'https://evilyour-domain.com',
  'the domain behind a user name': 'https://app.your-domain.com@evil.com',
  'the domain as a query': 'https://evil.com?.your-domain.com',
  'the domain as a fragment': 'https://evil.com#.your-domain.com',
  'a label that no browser writes': 'https://evil.com\\.your-domain.com',
  'the domain itself': 'https://your-domain.com',
  'a port that nobody listed': 'https://app.your-domain.com:8443',
  'plain http': 'http://app.your-domain.com',
  'an empty label': 'https://.your-domain.com',
  'upper case': 'https://APP.your-domain.com',
  'a port beyond the last': 'http://localhost:999999',
  'a port that is no number': 'http://localhost:evil',
  'an empty port': 'http://localhost:',
  'the default port in words': 'http://localhost:80',
  'localhost as a beginning': 'http://localhost.evil.com:3000',
  'localhost as a user name': 'http://localhost:3000@evil.com',
  'localhost over TLS': 'https://localhost:3000',
  'two origins on two lines': ['http://localhost:3000', 'https://evil.com'],
  'two origins on one line': 'http://localhost:3000, https://evil.com',
  'no origin to speak of': 'null',
};
const PATHS = { '/profile': 200, '/broken': 500, '/nowhere': 404 };

for (const language of LANGUAGES) {
  test(`${language}: pages on localhost and on subdomains may read, all else may not`, async (t) => {
    const server = await start(t, language);
    const url = `${server.origin(API)}/profile`;
    for (const [origin, allowed] of [
      [pageOrigin('localhost'), true],
      ['https://app.your-domain.com', true],
      [pageOrigin('other.example.test'), false],
      ['https://your-domain.com.evil.com', false],
    ]) {
      const { page } = await openPage(t, `${origin}/`);
      const answer = await fetchIn(page, url, { credentials: 'include' });
      assert.equal(answer.error, allowed ? undefined : 'TypeError', origin);
      assert.equal(answer.body, allowed ? '{"name":"Ada"}' : undefined);
    }
  });

  test(`${language}: what matches a pattern is answered with itself`, async (t) => {
    const server = await start(t, language);
    for (const origin of ALLOWED) {
      for (const [path, status] of Object.entries(PATHS)) {
        const answer = await ask(server, { path, headers: { origin } });
        assert.equal(answer.status, status, path);
        assert.equal(answer.headers['access-control-allow-origin'], origin);
        assert.equal(answer.headers['access-control-allow-credentials'], 'true');
      }
      const answer = await ask(server, preflight(origin));
      assert.ok([200, 204].includes(answer.status));
      assert.equal(answer.headers['access-control-allow-origin'], origin);
    }
  });

  test(`${language}: what only looks like a match is refused`, async (t) => {
    const server = await start(t, language);
    for (const [what, origin] of Object.entries(REFUSED)) {
      for (const request of [{ path: '/profile', headers: { origin } }, preflight(origin)]) {
        const { status, headers } = await ask(server, request);
        assert.equal(status, 403, what);
        const granted = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
        assert.deepEqual(granted, [], what);
      }
    }
  });

  test(`${language}: every answer varies by Origin`, async (t) => {
    const server = await start(t, language);
    for (const origin of [ALLOWED[0], 'https://evil.com', 'null', undefined]) {
      for (const path of Object.keys(PATHS)) {
        for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
          const { headers } = await ask(server, { method, path, headers: { origin } });
          assert.match(headers.vary ?? '', /\borigin\b/i, `${method} ${path} from ${origin}`);
        }
      }
    }
    for (const origin of [ALLOWED[0], 'https://evil.com']) {
      const { headers } = await ask(server, preflight(origin));
      const names = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
      assert.equal(headers.vary, names);
    }
  });
}

const start = (t, language) =>
  startExample(t, 'patterns', language, { origins: ORIGINS, hosts: [API] });

function preflight(origin) {
  const headers = { origin, 'access-control-request-method': 'GET' };
  return { method: 'OPTIONS', path: '/profile', headers };
}
