import { inputError } from './errors.js';
import { sourceOf } from './source.js';

/** Most items of a slice: converting arguments must not hold the event loop. */
const SLICE_ITEMS = 64;
/** Arrays up to this length are copied when the call is made; a longer one may be a trap of empty places. */
const COPIED = 1_000_000;
/** About as many bytes as a slice may have. */
const SLICE_BYTES = 256 * 1024;
/** Most chunks of an `atomic` call. */
const ATOMIC_LIMIT = 10_000;
/** Slices on their way at once, so that one group commit serves several. */
const IN_FLIGHT = 32;

/** Estimated bytes of an item. Looks at `content` alone; hostile items count nothing, the native part refuses them. */
function weight(item: unknown): number {
  try {
    const content = typeof item === 'string' ? item : (item as { content?: unknown } | null)?.content;
    return typeof content === 'string' ? content.length : ((content as Uint8Array | undefined)?.byteLength ?? 0);
  } catch {
    return 0;
  }
}

/** The items as slices. A source that throws, or is no source, is the caller's error; an abort does not wait for it. */
async function* slices<T>(items: unknown, what: string, signal: AbortSignal | undefined): AsyncGenerator<T[]> {
  let slice: T[] = [];
  let bytes = 0;
  for await (const item of sourceOf<T>(items, what, signal)) {
    slice.push(item);
    bytes += weight(item);
    if (slice.length >= SLICE_ITEMS || bytes >= SLICE_BYTES) {
      yield slice;
      slice = [];
      bytes = 0;
    }
  }
  if (slice.length > 0) yield slice;
}

/** Slices of an array: no promise per item. */
function* arraySlices<T>(items: readonly T[], what: string): Generator<T[]> {
  for (let from = 0; from < items.length; ) {
    let to = from;
    let slice;
    try {
      for (let bytes = 0; to < items.length && to - from < SLICE_ITEMS && bytes < SLICE_BYTES; to++) bytes += weight(items[to]);
      slice = items.slice(from, to);
    } catch (e) {
      throw inputError(what, e); // a Proxy of an array
    }
    yield slice;
    from = to;
  }
}

/** The slices of an array or of any other source, and how many items there are when that is known. */
export function slicesOf<T>(items: unknown, what: string, signal: AbortSignal | undefined): [Iterable<T[]> | AsyncIterable<T[]>, number | null] {
  try {
    // As it is now: what the caller does to its array later is not our business. Both may throw: of a revoked Proxy, and of one with a trap.
    return Array.isArray(items) ? [arraySlices(items.length <= COPIED ? (items as T[]).slice() : (items as T[]), what), items.length] : [slices<T>(items, what, signal), null];
  } catch (e) {
    throw inputError(what, e);
  }
}

/** Is it one batch? Any other value is the native part's to judge. */
export function isAtomic(options: unknown): boolean {
  try {
    return (options as { atomic?: unknown } | null | undefined)?.atomic === true;
  } catch (e) {
    throw inputError('options: atomic', e);
  }
}

/** All items of an `atomic` call; the native part refuses more than its limit, so no more is read. */
export async function gather<T>(source: Iterable<T[]> | AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const slice of source) {
    all.push(...slice);
    if (all.length > ATOMIC_LIMIT) break;
  }
  return all;
}

/** The next turn of the event loop. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Repeats what the engine has no room for yet: a bulk load waits where a single call is told `BUSY`. */
async function patiently(send: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await send();
    } catch (e) {
      if ((e as { code?: unknown } | null)?.code !== 'BUSY') throw e;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** Sends slices, several at once; after the first failure no more. Resolves when all sent ones are settled. */
export async function sendAll<T>(
  source: Iterable<T[]> | AsyncIterable<T[]>,
  send: (slice: T[], offset: number) => Promise<void>,
): Promise<void> {
  const flying = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  let offset = 0;
  try {
    for await (const slice of source) {
      const at = offset;
      if (at > 0) await turn(); // one slice a turn: settled slices would follow each other within one
      const sent: Promise<void> = patiently(() => send(slice, at))
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => flying.delete(sent));
      flying.add(sent);
      offset += slice.length;
      if (flying.size >= IN_FLIGHT) await Promise.race(flying);
      if (failure) break;
    }
  } catch (e) {
    failure ??= { error: e }; // the source's
  }
  await Promise.all(flying);
  if (failure) throw (failure as { error: unknown }).error;
}
