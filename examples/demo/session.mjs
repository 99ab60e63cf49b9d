import * as v2 from '@modelcontextprotocol/client';
import * as v1 from '@modelcontextprotocol/sdk/client/index.js';
import * as v1http from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

/** The steps of a session with the official client of each generation, in order. */
export const STEPS = {
  v1: [
    'connected',
    'session id readable',
    'tools listed',
    'tool called',
    'progress on the POST stream',
    'notification on the GET stream',
    'session ended by DELETE',
  ],
  v2: [
    'connected',
    'tools listed',
    'tool called',
    'parameter sent as a header',
    'progress on the POST stream',
    'notification on the subscription',
  ],
};

/** What a page sees whose origin is refused. */
export const REFUSAL = ['not connected', 'reason, by the audit event'];

/** What must hold of every answer's headers. */
export const WIRE = 'readable by the allowed page only';

/**
 * Runs every step against the server at `url`, and reports `{ step, ok, detail }` for each.
 * After a failure the remaining steps are reported as failed too: none is ever left out.
 */
export async function runSession({ client, url, credentials = 'omit' }, report) {
  const session = client === 'v1' ? openV1(url, credentials) : openV2(url, credentials);
  let failure;
  for (const step of STEPS[client]) {
    if (failure !== undefined) {
      report({ step, ok: false, detail: 'not reached' });
      continue;
    }
    try {
      report({ step, ok: true, detail: await soon(session[step](), step) });
    } catch (error) {
      failure = error;
      report({ step, ok: false, detail: error.message });
    }
  }
  await session.close();
}

function openV1(url, credentials) {
  const client = new v1.Client({ name: 'crossgate-demo', version: '0.1.0' });
  const changed = new Promise((resolve) => {
    client.setNotificationHandler(ToolListChangedNotificationSchema, resolve);
  });
  const answers = watchedFetch(credentials);
  const transport = new v1http.StreamableHTTPClientTransport(new URL(url), {
    fetch: answers.fetch,
  });
  return {
    async connected() {
      await client.connect(transport);
      return `protocol ${transport.protocolVersion}`;
    },
    async 'session id readable'() {
      return present(transport.sessionId, 'Mcp-Session-Id is not readable');
    },
    'tools listed': () => listed(client),
    'tool called': () => echoed(client),
    'progress on the POST stream': () =>
      counted((params, onprogress) => client.callTool(params, undefined, { onprogress })),
    async 'notification on the GET stream'() {
      // To Firefox an answer without a byte of its body is none yet.
      await Promise.race([answers.first('GET'), new Promise((resolve) => setTimeout(resolve, 5000))]);
      await client.callTool({ name: 'announce', arguments: {} });
      return methodOf(await changed);
    },
    async 'session ended by DELETE'() {
      await transport.terminateSession();
      // The client takes 405 for an answer: look at the status itself.
      const { status } = await answers.first('DELETE');
      if (status >= 300) throw new Error(`DELETE answered ${status}`);
      return `DELETE answered ${status}`;
    },
    close: () => client.close(),
  };
}

function openV2(url, credentials) {
  const client = new v2.Client(
    { name: 'crossgate-demo', version: '0.1.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const changed = new Promise((resolve) => {
    client.setNotificationHandler('notifications/tools/list_changed', resolve);
  });
  const transport = new v2.StreamableHTTPClientTransport(new URL(url), {
    requestInit: { credentials },
  });
  return {
    async connected() {
      await client.connect(transport);
      // In a page, a refused `Mcp-Method` makes this client fall back to the older protocol
      // without an error.
      if (client.getProtocolEra() !== 'modern') throw new Error('fell back to a legacy protocol');
      return `protocol ${client.getNegotiatedProtocolVersion()}`;
    },
    'tools listed': () => listed(client),
    'tool called': () => echoed(client),
    async 'parameter sent as a header'() {
      // In a worker the client mirrors the argument into the header by itself; in a page it
      // leaves that to the caller.
      const headers = { 'Mcp-Param-Region': 'eu-west' };
      const params = { name: 'locate', arguments: { region: 'eu-west' } };
      const inPage = typeof document !== 'undefined';
      return textOf(await client.callTool(params, inPage ? { headers } : undefined));
    },
    'progress on the POST stream': () =>
      counted((params, onprogress) => client.callTool(params, { onprogress })),
    async 'notification on the subscription'() {
      const subscription = await client.listen({ toolsListChanged: true });
      await client.callTool({ name: 'announce', arguments: {} });
      const notification = await changed;
      await subscription.close();
      return methodOf(notification);
    },
    close: () => client.close(),
  };
}

async function listed(client) {
  const { tools } = await client.listTools();
  if (tools.length === 0) throw new Error('no tools');
  return tools.map((tool) => tool.name).join(', ');
}

async function echoed(client) {
  const said = textOf(await client.callTool({ name: 'echo', arguments: { text: 'hello' } }));
  if (said !== 'hello') throw new Error(`echo said ${said}`);
  return `echo: ${said}`;
}

async function counted(call) {
  const progress = [];
  await call({ name: 'count', arguments: { to: 3 } }, (update) => progress.push(update.progress));
  if (progress.join() !== '1,2,3') throw new Error(`progress arrived as [${progress}]`);
  return `progress ${progress.join(', ')}`;
}

function textOf(result) {
  if (result.isError) throw new Error(result.content[0]?.text ?? 'the tool failed');
  return result.content[0].text;
}

function methodOf(notification) {
  return notification.method.replace('notifications/', '');
}

function present(value, message) {
  if (!value) throw new Error(message);
  return value;
}

/**
 * A `fetch` with these credentials (this transport gives its `requestInit` to POST and DELETE
 * alone, not to its GET stream), whose first answer to a method can be waited for.
 */
function watchedFetch(credentials) {
  const waiting = new Map();
  const slot = (method) => {
    if (!waiting.has(method)) waiting.set(method, Promise.withResolvers());
    return waiting.get(method);
  };
  return {
    first: (method) => slot(method).promise,
    async fetch(input, init) {
      const response = await fetch(input, { ...init, credentials });
      slot(init?.method ?? 'GET').resolve(response);
      return response;
    },
  };
}

/** A stream that stays silent must fail its step, not hang the page. */
function soon(promise, step) {
  const { promise: silence, reject } = Promise.withResolvers();
  const timer = setTimeout(() => reject(new Error(`nothing arrived: ${step}`)), 30_000);
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
}
