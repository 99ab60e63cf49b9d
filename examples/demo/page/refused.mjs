import { REFUSAL, runSession } from '../session.mjs';
import { addCard } from './card.mjs';

const settings = await (await fetch('settings.json')).json();
const sessions = document.getElementById('sessions');
document.getElementById('origin').textContent = location.origin;

const refusals = [];
const reports = new EventSource('reports');
reports.onmessage = ({ data }) => {
  const report = JSON.parse(data);
  if (report.origin === location.origin && report.reason !== null) refusals.push(report);
};
new ResizeObserver(([{ contentRect }]) => tell({ height: contentRect.height })).observe(
  document.documentElement,
);
reports.addEventListener('open', runAll, { once: true });

async function runAll() {
  const runs = settings.servers.map(async ({ name, url }) => {
    const cards = ['v1', 'v2'].map((client) => {
      const title = `${name}, client ${client}`;
      return [client, addCard(sessions, { title, subtitle: url, steps: REFUSAL })];
    });
    const rows = [];
    for (const [client, card] of cards) {
      const seen = refusals.length;
      for (const row of [await connect(client, url), await reason(name, seen)]) {
        card.report(row);
        rows.push({ page: 'refused', server: name, client, ...row });
      }
    }
    return rows;
  });
  tell({ rows: (await Promise.all(runs)).flat() });
}

async function connect(client, url) {
  const steps = [];
  await runSession({ client, url }, (step) => steps.push(step));
  const [{ ok, detail }] = steps;
  return { step: REFUSAL[0], ok: !ok, detail };
}

/** Waits for the audit event of a refusal by that server, after those already seen. */
async function reason(server, seen) {
  const step = REFUSAL[1];
  for (let tries = 0; tries < 100; tries += 1) {
    const report = refusals.slice(seen).find((refusal) => refusal.server === server);
    if (report) return { step, ok: report.status === 403, detail: report.reason };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { step, ok: false, detail: 'no audit event arrived' };
}

function tell(message) {
  if (parent !== window) parent.postMessage(message, settings.allowed);
}
