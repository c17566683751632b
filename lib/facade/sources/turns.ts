import { aborted, listen, unlisten } from '../call.js';

/** The folders that calls of this process have, and when each ends. */
const busy = new Map<string, Promise<void>>();

/**
 * Waits until nobody else has any of the folders, and has them until what it returns is called. Taken in one order by everybody, so that
 * no two calls wait for each other. Rejects with `ABORTED` when the signal ends the waiting.
 */
export async function turns(folders: readonly string[], signal: AbortSignal | undefined): Promise<() => void> {
  const ends: (() => void)[] = [];
  const end = (): void => ends.forEach((one) => one());
  try {
    for (const folder of [...new Set(folders)].sort()) {
      for (let before = busy.get(folder); before; before = busy.get(folder)) await ended(before, signal);
      let over = (): void => undefined;
      busy.set(folder, new Promise((done) => (over = done)));
      ends.push(() => {
        busy.delete(folder);
        over();
      });
    }
  } catch (e) {
    end();
    throw e;
  }
  return end;
}

async function ended(before: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return before;
  if (signal.aborted) throw aborted(signal);
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, fail) => (stop = () => fail(aborted(signal))));
  listen(signal, stop);
  await Promise.race([before, stopped]).finally(() => unlisten(signal, stop));
}
