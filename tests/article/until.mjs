import { setTimeout } from 'node:timers/promises';

/** Waits until something that another process does has happened, and gives what is found. */
export async function until(find) {
  for (;;) {
    const found = await find();
    if (found) return found;
    await setTimeout(5);
  }
}
