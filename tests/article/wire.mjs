import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Sends a request as it is, which no HTTP client would for a hostile one, and gives what is
 * answered. A header's value may be a list: it is then sent on as many lines.
 */
export async function ask(server, request) {
  const exchange = await open(server, { ...request, connection: 'close' });
  await exchange.closed;
  return { ...exchange.answer(), body: exchange.body() };
}

/** The same for an answer that does not end: its body is read as it comes. */
export async function open(server, request) {
  const socket = connect(new URL(server.origin('localhost')).port, '127.0.0.1');
  socket.setEncoding('latin1');
  let received = '';
  const waiting = new Set();
  const tell = () => waiting.forEach((check) => check());
  socket.on('data', (text) => {
    received += text;
    tell();
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close').then(() => {
    socket.ended = true;
    tell();
  });
  await once(socket, 'connect');
  socket.write(written(server, request), 'latin1');

  const split = () => {
    const end = received.indexOf('\r\n\r\n');
    return end < 0 ? undefined : [received.slice(0, end), received.slice(end + 4)];
  };
  const answer = () => head(split()?.[0] ?? '');
  return {
    answer,
    body() {
      const [, body] = split() ?? ['', ''];
      return answer().headers['transfer-encoding'] === 'chunked' ? joined(body) : body;
    },
    closed,
    /** Waits until the text has come. */
    until(text) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (received.includes(text)) resolve();
          else if (socket.ended) reject(new Error(`no ${text} in ${received}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      });
    },
    /** Goes away as a client does that crashed. */
    cut() {
      socket.destroy();
      return closed;
    },
  };
}

function written(server, request) {
  const { method = 'GET', path = '/', headers = {}, body = '', connection = 'keep-alive' } = request;
  const all = { host: new URL(server.origin('localhost')).host, connection, ...headers };
  if (body !== '') all['content-length'] = Buffer.byteLength(body);
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((line) => `${name}: ${line}`),
  );
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

function head(text) {
  const [first, ...lines] = text.split('\r\n');
  const headers = {};
  for (const line of lines) {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line);
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  return { status: Number(first.split(' ')[1]), headers };
}

/** https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
function joined(chunks) {
  let body = '';
  for (let rest = chunks; rest !== ''; ) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (!(size > 0)) break;
    body += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 4 + size);
  }
  return body;
}
