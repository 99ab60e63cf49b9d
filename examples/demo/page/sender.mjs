// Only for the demo's own page: any other that frames this one could act from its origin.
const { page } = document.currentScript.dataset;

addEventListener('message', async ({ data, origin, ports: [port] }) => {
  if (origin === page) port.postMessage(await send(data));
});

/** Does what a page's script would do, and says what that script is told. */
async function send({ url, method, headers, credentials }) {
  try {
    const response = await fetch(url, {
      method,
      headers,
      credentials: credentials ? 'include' : 'omit',
      cache: 'no-store',
    });
    const answer = { status: response.status, headers: [...response.headers] };
    response.body?.cancel();
    return answer;
  } catch (error) {
    return { error: String(error) };
  }
}
