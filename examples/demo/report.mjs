const CORS_REQUEST = /^(origin|access-control-request-.*)$/;
const CORS_ANSWER = /^(access-control-.*|vary)$/;

/** What a recorded server wrote of an exchange, reduced to what the page and terminal show. */
export function reportOf(server, exchange) {
  const { time, method, path, status, decision, requestHeaders, headers } = exchange;
  const asked = Object.entries(requestHeaders).filter(([name]) => CORS_REQUEST.test(name));
  const sent = headers.filter(([name]) => CORS_ANSWER.test(name));
  const { origin = null } = requestHeaders;
  const { verdict, reason } = decision ?? { verdict: 'no decision', reason: null };
  return { server, time, method, path, origin, status, verdict, reason, asked, sent };
}

/** The report in one line of a terminal. */
export function lineOf({ server, time, method, path, origin, verdict, reason }) {
  const clock = new Date(time).toTimeString().slice(0, 8);
  const request = `${method.padEnd(7)} ${printable(path)}`;
  const decision = reason === null ? verdict : `${verdict}: ${printable(reason)}`;
  const from = printable(origin ?? 'no origin');
  return `${clock}  ${server.padEnd(7)}  ${request}  ${from}  ${decision}`;
}

/** What a request sent could move the cursor, recolour the terminal or fake a line: escape it. */
function printable(text) {
  return text
    .slice(0, 200)
    .replace(/[^\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}
