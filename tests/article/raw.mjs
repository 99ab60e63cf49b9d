import { connect } from 'node:net';

export const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  },
});

/**
 * Sends these header lines, as no client would write them, and gives the answer: its status, its
 * headers (of a repeated one every value), its body as it came.
 */
export function send(port, { method = 'POST', path = '/mcp', lines, body = INITIALIZE }) {
  const head = [
    `${method} ${path} HTTP/1.1`,
    ...lines,
    'Accept: application/json, text/event-stream',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
    });
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
      // A server of streams may keep the connection open after all.
      if (isWhole(text)) socket.destroy();
    });
    socket.once('error', reject).once('close', () => resolve(parsed(text)));
  });
}

function isWhole(text) {
  const [head, ...rest] = text.split('\r\n\r\n');
  const length = /^content-length: *(\d+)$/im.exec(head)?.[1];
  return length === undefined
    ? text.endsWith('\r\n0\r\n\r\n')
    : rest.length > 0 && rest.join('\r\n\r\n').length >= Number(length);
}

function parsed(text) {
  const [head, ...rest] = text.split('\r\n\r\n');
  const [status, ...fields] = head.split('\r\n');
  const headers = {};
  for (const field of fields) {
    const [name, value] = field.split(/:\s*(.*)/s);
    (headers[name.toLowerCase()] ??= []).push(value);
  }
  return { status: Number(status.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
