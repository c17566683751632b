import { aborted, listen, unlisten } from './call.js';
import { FluoriteError, inputError } from './errors.js';

/** The items of a source. One that throws, or is no source, is the caller's error; an abort does not wait for it. */
export async function* sourceOf<T>(items: unknown, what: string, signal: AbortSignal | undefined): AsyncGenerator<T> {
  let iterator: AsyncIterator<T>;
  try {
    const source = items as Partial<AsyncIterable<T> & Iterable<T>> | null | undefined;
    const make = typeof items === 'object' && source ? (source[Symbol.asyncIterator] ?? source[Symbol.iterator]) : undefined;
    if (typeof make !== 'function') throw new FluoriteError('INVALID_ARGUMENT', `${what} must be an array or an async iterable`);
    iterator = (make as () => AsyncIterator<T>).call(source);
  } catch (e) {
    throw inputError(what, e);
  }
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(aborted(signal as AbortSignal));
  });
  stopped.catch(() => undefined); // it may be settled with nobody waiting
  listen(signal, stop as () => void);
  let ended = false;
  try {
    for (;;) {
      let next;
      try {
        next = await Promise.race([iterator.next(), stopped]);
        if (next.done) ended = true;
      } catch (e) {
        ended = !signal?.aborted; // a source that threw is at its end
        throw inputError(`${what} could not be read`, e);
      }
      if (next.done) return;
      yield next.value;
    }
  } finally {
    unlisten(signal, stop as () => void);
    // Not awaited: a source that hangs in next() would hang here as well.
    if (!ended) Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
