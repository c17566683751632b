// Of the whole thread, not of a graph: several graphs, also through several bridges, may stand for one store.
const last = new Map<string, Promise<void>>();

/**
 * Runs `work` when no other work on any of these keys runs, in the order of the calls. All keys are taken in one step,
 * so calls wait only for earlier ones and never for each other.
 */
export async function exclusively<T>(keys: Iterable<string>, work: () => Promise<T>): Promise<T> {
  const mine = [...new Set(keys)];
  const before = mine.map((key) => last.get(key));
  let release = (): void => undefined;
  const done = new Promise<void>((resolve) => (release = resolve));
  for (const key of mine) last.set(key, done);
  try {
    await Promise.all(before);
    return await work();
  } finally {
    for (const key of mine) if (last.get(key) === done) last.delete(key);
    release();
  }
}
