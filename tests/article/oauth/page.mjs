import * as v2 from '@modelcontextprotocol/client';
import * as sdk from '@modelcontextprotocol/sdk/client/index.js';
import * as http from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const generations = {
  v1: { Client: sdk.Client, Transport: http.StreamableHTTPClientTransport },
  v2: { Client: v2.Client, Transport: v2.StreamableHTTPClientTransport },
};
let provider;
let open;

/** Connects without a token, and gives the address to which the visitor is sent for one. */
globalThis.connect = async (generation, url) => {
  const { Client, Transport } = generations[generation];
  const redirectUrl = new URL('/back', globalThis.location.href).href;
  const kept = {};
  provider = {
    redirectUrl,
    clientMetadata: { redirect_uris: [redirectUrl], client_name: 'page' },
    clientInformation: () => kept.client,
    saveClientInformation: (client) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => void (kept.tokens = tokens),
    redirectToAuthorization: (address) => void (kept.address = address.href),
    saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
    codeVerifier: () => kept.verifier,
  };
  open = () => [
    new Client({ name: 'page', version: '1' }),
    new Transport(new URL(url), { authProvider: provider }),
  ];
  const [client, transport] = open();
  try {
    await client.connect(transport);
  } catch (error) {
    if (kept.address === undefined) throw error;
  }
  globalThis.transport = transport;
  return kept.address;
};

/** Takes the code with which the visitor came back, and calls the server. */
globalThis.finish = async (code) => {
  await globalThis.transport.finishAuth(code);
  const [client, transport] = open();
  await client.connect(transport);
  const { tools } = await client.listTools();
  await client.close();
  return tools.map(({ name }) => name);
};
