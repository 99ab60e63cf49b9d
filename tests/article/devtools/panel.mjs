// What DevTools' network panel shows of a page, drawn from the network events that it is drawn from.

const HEADERS =
  /^(access-control-|origin$|vary$|content-type$|cookie$|last-event-id$|cache-control$|mcp-)/;

/** One exchange as a row of the panel. */
export function row(exchange) {
  const { url, method, status, type, initiator, size = 0, sent, ended, corsError } = exchange;
  const { host, pathname, search } = new URL(url);
  // As DevTools has it: the event's own type is `Other`.
  const preflight = initiator.type === 'preflight';
  return {
    name: `${pathname.slice(1)}${search}`.slice(0, 28),
    host,
    method,
    status: corsError === undefined ? String(status) : 'CORS error',
    type: preflight ? 'preflight' : type.toLowerCase(),
    initiator: preflight ? 'browser' : 'page',
    size: `${size} B`,
    time: ended === undefined ? 'pending' : `${Math.round((ended - sent) * 1000)} ms`,
  };
}

/** The panel as a document: all rows, and the headers of the chosen exchanges. */
export function panel(title, exchanges, chosen) {
  const rows = exchanges.map((exchange) => {
    const cells = Object.values(row(exchange)).map((value) => `<td>${escaped(value)}</td>`);
    const mark = exchange.corsError === undefined ? '' : ' class="failed"';
    return `<tr${mark}>${cells.join('')}</tr>`;
  });
  const names = Object.keys(row(exchanges[0])).map((name) => `<th>${name}</th>`);
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>
    <h1>${escaped(title)}</h1>
    <table><thead><tr>${names.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>
    <div class="chosen">${chosen.map(details).join('')}</div>`;
}

function details(exchange) {
  const { method, url, status, requestHeaders, responseHeaders } = exchange;
  const lines = (headers) =>
    Object.entries(headers)
      .filter(([name]) => HEADERS.test(name))
      .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
      .join('');
  return `<section><h2>${escaped(`${method} ${new URL(url).pathname}: ${status}`)}</h2>
    <h3>Response headers</h3><dl>${lines(responseHeaders)}</dl>
    <h3>Request headers</h3><dl>${lines(requestHeaders)}</dl></section>`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
  body { margin: 0; background: #fff; color: #1f1f1f; font: 12px/1.4 system-ui, sans-serif }
  h1 { margin: 0; padding: 8px 12px; background: #eef2f9; font-size: 13px; font-weight: 600 }
  table { width: 100%; border-collapse: collapse }
  th, td { padding: 3px 12px; border-bottom: 1px solid #e3e8ef; text-align: left; white-space: nowrap }
  th { background: #f6f8fb; font-weight: 500; text-transform: capitalize }
  tr:nth-child(even) { background: #f9fafc }
  .failed td { color: #b3261e }
  .chosen { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1px; background: #d5dbe5 }
  section { padding: 4px 12px 12px; background: #fff; min-width: 0 }
  h2 { margin: 6px 0; font-size: 12px }
  h3 { margin: 8px 0 2px; color: #5c6670; font-size: 11px; font-weight: 600 }
  dl { display: grid; grid-template-columns: auto 1fr; gap: 1px 8px; margin: 0; font: 11px/1.45 ui-monospace, monospace }
  dt { color: #0b57d0 }
  dd { margin: 0; overflow-wrap: anywhere }
`;
