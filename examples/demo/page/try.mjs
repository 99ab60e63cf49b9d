import { element } from './card.mjs';

const form = document.getElementById('try');
const tried = document.getElementById('tried');
const { server, origin, method, headers, credentials } = form.elements;

/** This browser, by the name that `explain` has for it. */
const ENGINE = [/Firefox\//, /Chrom(?:e|ium)\//].findIndex((name) => name.test(navigator.userAgent));
const BROWSER = ['WebKit', 'Firefox', 'Chromium'][ENGINE + 1];

let settings;
let tries = 0;

/** Fills in what can be chosen. */
export function prepareTry(given) {
  settings = given;
  server.replaceChildren(...settings.servers.map(({ name }) => element('option', {}, name)));
  origin.value = settings.allowed;
  const stranger = settings.allowed.replace('localhost', 'stranger.localhost');
  const origins = [settings.allowed, settings.refused, stranger, 'null'];
  document
    .getElementById('origins')
    .replaceChildren(...origins.map((value) => element('option', { value })));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    tryIt();
  });
}

/** Has this browser do what is chosen, and shows what came of it beside what `explain` says. */
export async function tryIt() {
  tries += 1;
  const nth = tries;
  const { url } = settings.servers.find(({ name }) => name === server.value);
  const request = {
    // New each time, so that no kept preflight stands in for this one.
    url: `${url}?try=${nth}`,
    origin: origin.value,
    method: method.value,
    headers: Object.fromEntries(headers.value.split('\n').filter(Boolean).map(field)),
    credentials: credentials.checked,
  };
  const wire = element('ol', { id: `try-${nth}` });
  const [told, explanation] = await Promise.all([send(request), explain(server.value, request)]);
  if (nth !== tries) return;
  tried.replaceChildren(shown(told, wire), said(explanation, told));
  seen.filter((exchange) => exchange.path.endsWith(`?try=${nth}`)).forEach(showOnWire);
}

const seen = [];

/** Notes what a server reports, and shows it if it belongs to what was tried last. */
export function noteExchange(exchange) {
  seen.push(exchange);
  showOnWire(exchange);
}

function showOnWire({ path, method: sent, status, reason, verdict }) {
  const [, number] = /\?try=(\d+)$/.exec(path) ?? [];
  const decided = element('span', { className: 'detail' }, `${status} ${reason ?? verdict}`);
  const className = reason === null ? 'ok' : 'wrong';
  const line = element('li', { className }, element('span', {}, `${sent} arrived`), decided);
  document.getElementById(`try-${number}`)?.append(line);
}

/** Sends it in a frame of that origin: what the frame's script is told, if there can be a frame. */
async function send(request) {
  const frame = element('iframe', { hidden: true });
  if (request.origin === 'null') {
    frame.sandbox = 'allow-scripts';
    frame.src = '/sender';
  } else if (isServedHere(request.origin)) {
    frame.src = `${request.origin}/sender`;
  } else {
    return { none: 'no page of this origin is at hand, so nothing was sent' };
  }
  const { promise, resolve } = Promise.withResolvers();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => resolve(data);
  setTimeout(resolve, 15_000, { none: 'this browser opens no page of this origin' });
  // The frame of a sandbox has no origin that it could be sent to.
  frame.onload = () => frame.contentWindow.postMessage(request, '*', [port2]);
  document.body.append(frame);
  const told = await promise;
  frame.remove();
  return told;
}

/** Every name below `localhost` is this machine, and the page's server answers to all of them. */
function isServedHere(chosen) {
  if (!URL.canParse(chosen)) return false;
  const { hostname, origin: parsed, port } = new URL(chosen);
  const ports = [settings.allowed, settings.refused].map((page) => new URL(page).port);
  return parsed === chosen && /(?:^|\.)localhost$/.test(hostname) && ports.includes(port);
}

async function explain(name, request) {
  const response = await fetch(`/explain/${name}`, {
    method: 'POST',
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** What this browser did. */
function shown({ none, error, status, headers: read = [] }, wire) {
  const verdict = none ?? (error ? `the script gets ${error}` : `the script reads status ${status}`);
  const lines = read.map(([name, value]) => `${name}: ${value}`);
  return element(
    'article',
    { className: none ? '' : error ? 'wrong' : 'ok' },
    element('h3', {}, `What ${BROWSER} did`),
    element('p', { className: 'verdict' }, verdict),
    wire,
    element('dl', {}, ...entry('reads', lines.join('\n'))),
  );
}

/** What `explain` says had to come of it. */
function said(explanation, told) {
  const { allowed, leg, denial, reason, header, fix, traps, browsers } = explanation;
  const own = browsers.find(({ browser }) => browser === BROWSER);
  const verdict = allowed ? 'allowed' : `refused on the ${leg} request`;
  const others = browsers.filter((browser) => browser !== own);
  return element(
    'article',
    { className: allowed ? 'ok' : 'wrong' },
    element('h3', {}, 'What explain says', agreement(explanation, own, told)),
    element('p', { className: 'verdict' }, verdict),
    element(
      'dl',
      {},
      ...entry('server', denial),
      ...entry('browser', reason),
      ...entry('header', header),
      ...entry('fix', fix, 'fix'),
      ...traps.flatMap((trap) => entry('mind', trap)),
      ...[own, ...others].flatMap((browser) => entry(browser?.browser, browser?.console, 'console')),
    ),
  );
}

/** Whether this browser's script was told something exactly if that was foretold. */
function agreement({ leg }, own, { none, error }) {
  if (none) return '';
  // A refusal of which the console says nothing is one that the page can read.
  const isTold = own === undefined || leg === 'script' ? false : own.allowed || own.console === null;
  const agrees = isTold === (error === undefined);
  return element(
    'span',
    { className: agrees ? 'badge ok' : 'badge wrong' },
    agrees ? 'as it came' : 'not as it came',
  );
}

function entry(name, text, className = '') {
  if (!text) return [];
  return [element('dt', {}, name), element('dd', { className }, text)];
}

function field(line) {
  const [name, ...value] = line.split(':');
  return [name.trim(), value.join(':').trim()];
}
