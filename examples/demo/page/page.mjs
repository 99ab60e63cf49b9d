import { runSession, STEPS, WIRE } from '../session.mjs';
import { runInWorker } from '../worker-session.mjs';
import { addCard } from './card.mjs';
import { isRight, showExchange } from './exchange.mjs';
import { noteExchange, prepareTry, tryIt } from './try.mjs';

const CLIENTS = [
  { client: 'v1', title: 'client v1, in the page', run: runSession },
  { client: 'v2', title: 'client v2, in a Web Worker', run: runInWorker },
];

const settings = await (await fetch('settings.json')).json();
const sessions = document.getElementById('sessions');
const frame = document.getElementById('refused');
const again = document.getElementById('again');

document.getElementById('origin').textContent = location.origin;
again.addEventListener('click', () => (globalThis.rows = runAll()));

const reports = new EventSource('reports');
const exchanges = [];
reports.onmessage = ({ data }) => {
  const exchange = JSON.parse(data);
  exchanges.push(exchange);
  showExchange(exchange, settings);
  noteExchange(exchange);
};
prepareTry(settings);
reports.addEventListener('open', start, { once: true });

function start() {
  globalThis.rows = runAll();
  tryIt();
}

/** Runs every session and the refused frame, and gives a row for each step. */
async function runAll() {
  again.disabled = true;
  sessions.replaceChildren();
  const runs = settings.servers.flatMap((server) => CLIENTS.map((how) => runOne(server, how)));
  const rows = await Promise.all([...runs, runFrame()]);
  again.disabled = false;
  return [...rows.flat(), ...settings.servers.map(wireRow)];
}

async function runOne({ name, url }, { client, title, run }) {
  const steps = STEPS[client];
  const card = addCard(sessions, { title: `${name}, ${title}`, subtitle: url, steps });
  const rows = [];
  await run({ client, url }, (row) => {
    card.report(row);
    rows.push({ page: 'allowed', server: name, client, ...row });
  });
  return rows;
}

function wireRow({ name: server }) {
  const own = exchanges.filter((exchange) => exchange.server === server);
  const right = own.filter((exchange) => isRight(exchange, settings));
  const ok = own.length > 0 && own.length === right.length;
  const detail = `${right.length} of ${own.length} answers`;
  return { page: 'both', server, client: 'all', step: WIRE, ok, detail };
}

/** The frame is of another origin, so it tells its height and its rows by message. */
function runFrame() {
  const { promise, resolve } = Promise.withResolvers();
  onmessage = ({ origin, data }) => {
    if (origin !== settings.refused) return;
    if (data.height !== undefined) frame.style.height = `${data.height}px`;
    if (data.rows !== undefined) resolve(data.rows);
  };
  frame.src = `${settings.refused}/refused`;
  return promise;
}
