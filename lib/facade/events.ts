import { fluoriteError, FluoriteError, inputError } from './errors.js';
import type { FluoriteEvent, FluoriteEventName } from './types/index.js';

/** The native part's side of listening. */
export interface NativeEvents {
  readonly ready: boolean;
  listen(options: unknown, wake: () => void): number;
  listenTo(listener: number, kinds: { types: string[] }): void;
  takeEvents(listener: number, most: number): (unknown[] | string)[];
  endListening(listener: number): void;
}

/** Events taken at a time: about a millisecond of work for listeners that do little. */
export const BATCH = 512;

const TYPES: readonly string[] = ['ChunkStored', 'ChunkDeleted', 'LearningProgress', 'IndexBuilt', 'Lagged'] satisfies FluoriteEventName[];

/** Refuses an event there is not, as the caller wrote it; what is no list of texts is the engine's to refuse. */
export function checkTypes(options: unknown): void {
  let wrong: unknown;
  try {
    const types = (options as { types?: unknown } | null | undefined)?.types;
    // of a list that is too long to mean it the first ones: empty places may be billions
    wrong = Array.isArray(types) ? types.slice(0, 1_000).find((type) => typeof type === 'string' && !TYPES.includes(type)) : undefined;
  } catch (e) {
    throw inputError('options: types', e);
  }
  if (typeof wrong === 'string') throw new FluoriteError('INVALID_ARGUMENT', `options: types: there is no event "${wrong.slice(0, 100)}"; there are ${TYPES.join(', ')}`);
}

/** The events of a batch: chunk events come as lists, the others as JSON (src/events.rs). */
export function take(native: NativeEvents, listener: number): FluoriteEvent[] {
  return native.takeEvents(listener, BATCH).map((told) => {
    if (typeof told === 'string') return JSON.parse(told) as FluoriteEvent;
    const [id, namespace, version] = told as [string, string, number?];
    return version === undefined ? { type: 'ChunkDeleted', id, namespace } : { type: 'ChunkStored', id, namespace, version };
  });
}

type Listener = (first: unknown, event?: FluoriteEvent) => unknown;

interface Entry {
  listener: Listener;
  once: boolean;
}

/** The listeners of a bridge. They share one queue of the engine, which exists while there is one. */
export class Emitter {
  readonly #native: NativeEvents;
  readonly #entries = new Map<string, readonly Entry[]>();
  #number: number | undefined;
  #scheduled = false;

  constructor(native: NativeEvents) {
    this.#native = native;
  }

  /** Adds a listener; the same one twice is told twice. */
  add(type: unknown, listener: unknown, once: boolean): void {
    if (typeof type !== 'string' || (type !== 'error' && !TYPES.includes(type))) {
      const found = typeof type === 'string' ? `"${type.slice(0, 100)}"` : typeof type;
      throw new FluoriteError('INVALID_ARGUMENT', `event must be one of ${TYPES.join(', ')}, error; not ${found}`);
    }
    if (typeof listener !== 'function') throw new FluoriteError('INVALID_ARGUMENT', `the listener of ${type} must be a function, not ${typeof listener}`);
    this.#entries.set(type, [...(this.#entries.get(type) ?? []), { listener: listener as Listener, once }]);
    this.connect();
  }

  /** Removes the newest entry of a listener; nothing happens when there is none. */
  remove(type: unknown, listener: unknown): void {
    const entries = this.#entries.get(type as string) ?? [];
    const at = entries.findLastIndex((e) => e.listener === listener);
    if (at < 0) return;
    if (entries.length === 1) this.#entries.delete(type as string);
    else this.#entries.set(type as string, entries.toSpliced(at, 1));
    this.connect();
  }

  /** Has the engine tell what is listened to. Before the store is open and after it is closed there is nothing to tell. */
  connect(): void {
    const types = [...this.#entries.keys()].filter((type) => type !== 'error');
    try {
      if (types.length === 0) this.#end();
      else if (this.#number !== undefined) this.#native.listenTo(this.#number, { types });
      else if (this.#native.ready) this.#number = this.#native.listen({ types }, () => this.#pump());
    } catch (e) {
      throw fluoriteError(e);
    }
  }

  /** Tells what is left, then nobody any more. */
  async close(): Promise<void> {
    if (this.#number === undefined) return;
    this.#native.listenTo(this.#number, { types: [] });
    while (this.#tell()) await new Promise((turn) => setImmediate(turn));
    this.#end();
  }

  #end(): void {
    if (this.#number !== undefined) this.#native.endListening(this.#number);
    this.#number = undefined;
  }

  /** A batch now, the next one in the next turn of the loop. */
  #pump(): void {
    if (this.#scheduled || !this.#tell()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** True when there may be more. */
  #tell(): boolean {
    if (this.#number === undefined) return false;
    const events = take(this.#native, this.#number);
    for (const event of events) this.#emit(event);
    return events.length >= BATCH;
  }

  #emit(event: FluoriteEvent): void {
    for (const { listener, once } of this.#entries.get(event.type) ?? []) {
      if (once) this.remove(event.type, listener);
      try {
        const returned = listener(event);
        if (returned instanceof Promise && this.#entries.has('error')) returned.catch((thrown: unknown) => this.#failed(thrown, event));
      } catch (thrown) {
        this.#failed(thrown, event);
      }
    }
  }

  /** To the `error` listeners; without one, an uncaught exception, as of any event emitter. */
  #failed(thrown: unknown, event: FluoriteEvent): void {
    const listeners = this.#entries.get('error');
    const uncaught = (e: unknown): void => process.nextTick(() => { throw e; });
    if (!listeners) return uncaught(thrown);
    for (const { listener, once } of listeners) {
      if (once) this.remove('error', listener);
      try {
        listener(thrown, event);
      } catch (e) {
        uncaught(e);
      }
    }
  }
}
