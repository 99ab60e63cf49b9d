/**
 * Records what a page and its workers put on the wire, preflights included, from the browser's
 * network events. Start it before the page navigates.
 */
export async function recordNetwork(page) {
  const exchanges = new Map();
  const exchange = (id) => {
    if (!exchanges.has(id)) exchanges.set(id, {});
    return exchanges.get(id);
  };

  function note(event, params) {
    switch (event) {
      case 'Network.requestWillBeSent': {
        const { url, method } = params.request;
        Object.assign(exchange(params.requestId), { url, method, type: params.type });
        break;
      }
      case 'Network.requestWillBeSentExtraInfo':
        exchange(params.requestId).requestHeaders = lowerCase(params.headers);
        break;
      case 'Network.responseReceivedExtraInfo':
        Object.assign(exchange(params.requestId), {
          status: params.statusCode,
          responseHeaders: lowerCase(params.headers),
        });
        break;
      case 'Network.loadingFailed':
        Object.assign(exchange(params.requestId), {
          failure: params.errorText,
          corsError: params.corsErrorStatus?.corsError,
        });
        break;
    }
  }

  const session = await page.context().newCDPSession(page);
  for (const event of [
    'Network.requestWillBeSent',
    'Network.requestWillBeSentExtraInfo',
    'Network.responseReceivedExtraInfo',
    'Network.loadingFailed',
  ]) {
    session.on(event, (params) => note(event, params));
  }
  await session.send('Network.enable');

  // A worker is a target of its own, and is held until its network events are on.
  session.on('Target.attachedToTarget', async ({ sessionId }) => {
    for (const [id, method] of ['Network.enable', 'Runtime.runIfWaitingForDebugger'].entries()) {
      const message = JSON.stringify({ id, method });
      await session.send('Target.sendMessageToTarget', { sessionId, message });
    }
  });
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { method, params } = JSON.parse(message);
    if (method !== undefined) note(method, params);
  });
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: true,
    flatten: false,
  });

  return {
    /** The requests sent to URLs that start with `prefix`, in order. */
    to: (prefix) => [...exchanges.values()].filter(({ url }) => url?.startsWith(prefix)),
  };
}

function lowerCase(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
