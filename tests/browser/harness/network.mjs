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
        const { initiator, timestamp: sent, type } = params;
        Object.assign(exchange(params.requestId), { url, method, type, initiator, sent });
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
      case 'Network.dataReceived': {
        const to = exchange(params.requestId);
        to.size = (to.size ?? 0) + params.encodedDataLength;
        break;
      }
      case 'Network.loadingFinished':
        Object.assign(exchange(params.requestId), {
          ended: params.timestamp,
          size: params.encodedDataLength,
        });
        break;
      case 'Network.loadingFailed':
        Object.assign(exchange(params.requestId), {
          ended: params.timestamp,
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
    'Network.dataReceived',
    'Network.loadingFinished',
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
