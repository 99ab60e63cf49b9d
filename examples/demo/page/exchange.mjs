import { element } from './card.mjs';

const log = document.getElementById('exchanges');

/** Adds a line for a request and its answer; the line opens to the CORS headers of both. */
export function showExchange(exchange, settings) {
  const { time, server, method, path, origin, status, verdict, reason, asked, sent } = exchange;
  const short = sent.map(([name, value]) => `${name.replace('access-control-', '')}: ${value}`);
  const summary = element(
    'summary',
    { className: isRight(exchange, settings) ? 'ok' : 'wrong' },
    cell('time', new Date(time).toTimeString().slice(0, 8)),
    cell('server', server),
    cell('from', { [settings.allowed]: 'this page', [settings.refused]: 'the frame' }[origin] ?? origin),
    cell('request', `${method} ${path}`),
    cell(status < 400 ? 'status' : 'status refused', status),
    cell(reason === null ? 'decision' : 'decision refused', reason ?? verdict),
    cell('headers', short.join(' · ')),
  );
  const details = element('details', {}, summary, lines('request', asked), lines('answer', sent));
  // The first one shows that every line opens.
  details.open = log.childElementCount === 0;
  log.append(details);
}

/** Whether the answer may be read by the page that asked exactly if that page is allowed. */
export function isRight({ origin, sent }, { allowed }) {
  const readers = sent.filter(([name]) => name === 'access-control-allow-origin');
  const expected = origin === allowed ? [allowed] : [];
  return readers.map(([, value]) => value).join() === expected.join();
}

function cell(className, text) {
  return element('span', { className, title: text }, String(text));
}

function lines(title, headers) {
  const text = headers.map(([name, value]) => `${name}: ${value}`).join('\n') || 'none';
  return element('pre', {}, element('b', {}, `${title}\n`), text);
}
