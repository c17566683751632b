import { hooksOf, listen, unlisten } from './call.js';
import { fluoriteError } from './errors.js';
import { BATCH, checkTypes, type NativeEvents, take } from './events.js';
import type { FluoriteEvent } from './types/index.js';

type Step = IteratorResult<FluoriteEvent, undefined>;

/** Events one after the other, from a queue of its own. It listens from its construction on, not from the first `next`. */
export class EventStream implements AsyncIterableIterator<FluoriteEvent> {
  readonly #native: NativeEvents;
  readonly #ended: (stream: EventStream) => void;
  readonly #abort = (): void => void this.return();
  #signal: AbortSignal | undefined;
  /** Its number in the native part, while it listens. */
  #number: number | undefined;
  /** No more will happen: it ends when the queue is empty. */
  #closing = false;
  /** Taken from the queue; read up to `#at`. */
  #taken: FluoriteEvent[] = [];
  #at = 0;
  #failure: unknown;
  #wake: (() => void) | undefined;
  /** The last `next`: the one after it waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  /** `ended` is told when nothing more will come. Wrong options reject the first `next`. */
  constructor(native: NativeEvents, options: unknown, ended: (stream: EventStream) => void) {
    this.#native = native;
    this.#ended = ended;
    try {
      this.#signal = hooksOf(options).signal;
      checkTypes(options);
      listen(this.#signal, this.#abort);
      this.#number = native.listen(options, () => this.#wake?.());
    } catch (e) {
      const failure = fluoriteError(e);
      unlisten(this.#signal, this.#abort);
      if (failure.code !== 'ABORTED') this.#failure = failure; // aborted before: it has ended
    }
  }

  get listens(): boolean {
    return this.#number !== undefined;
  }

  next(): Promise<Step> {
    const step = (): Promise<Step> => this.#step();
    const result = this.#last.then(step, step);
    this.#last = result;
    return result;
  }

  async #step(): Promise<Step> {
    for (;;) {
      const value = this.#taken[this.#at++];
      if (value) return { value, done: false };
      if (this.#failure !== undefined) {
        const failure = this.#failure;
        this.#failure = undefined;
        throw failure;
      }
      if (this.#number === undefined) return { value: undefined, done: true };
      if (this.#taken.length >= BATCH) {
        // a flood must not keep the loop from everything else
        this.#taken = [];
        await new Promise<void>((turn) => setImmediate(turn));
        continue;
      }
      this.#taken = take(this.#native, this.#number);
      this.#at = 0;
      if (this.#taken.length > 0) continue;
      if (this.#closing) this.#stop();
      else await new Promise<void>((woken) => (this.#wake = woken));
    }
  }

  /** Ends the iteration; what was not read is dropped. */
  async return(): Promise<Step> {
    this.#taken = [];
    this.#stop();
    return { value: undefined, done: true };
  }

  /** The store is closed: what happened until now can still be read. */
  close(): void {
    if (this.#number === undefined) return;
    this.#closing = true;
    this.#native.listenTo(this.#number, { types: [] });
    this.#ended(this);
    this.#wake?.();
  }

  #stop(): void {
    unlisten(this.#signal, this.#abort);
    if (this.#number !== undefined) this.#native.endListening(this.#number);
    this.#number = undefined;
    this.#ended(this);
    this.#wake?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
