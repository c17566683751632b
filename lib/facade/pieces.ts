import { setImmediate } from 'node:timers/promises';

/** The items of JSON arrays, parsed a piece in a turn of the event loop: a long result must not hold it. */
export async function parsed<T>(pieces: readonly string[]): Promise<T[]> {
  const all: T[] = [];
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await setImmediate();
    all.push(...(JSON.parse(piece) as T[]));
  }
  return all;
}
