import { setTimeout } from 'node:timers/promises';

/** Waits until something that another process does has happened, and gives what is found. */
export async function until(find) {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const found = await find();
    if (found) return found;
    await setTimeout(5);
  }
  throw new Error(`not within ${PATIENCE} ms: ${find}`);
}

const PATIENCE = 30_000;
