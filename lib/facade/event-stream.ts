import { hooksOf, listen, unlisten } from './call.js';
import { fluoriteError } from './errors.js';
import { BATCH, checkTypes, type NativeEvents, take } from './events.js';
import { Steps } from './steps.js';
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
  readonly #steps = new Steps<FluoriteEvent>({ take: () => this.#take(), over: () => this.#number === undefined, pause: () => this.#pause() });

  /** `ended` is told when nothing more will come. Wrong options reject the first `next`. */
  constructor(native: NativeEvents, options: unknown, ended: (stream: EventStream) => void) {
    this.#native = native;
    this.#ended = ended;
    try {
      this.#signal = hooksOf(options).signal;
      checkTypes(options);
      listen(this.#signal, this.#abort);
      this.#number = native.listen(options, () => this.#steps.wake());
    } catch (e) {
      const failure = fluoriteError(e);
      unlisten(this.#signal, this.#abort);
      if (failure.code !== 'ABORTED') this.#steps.fail(failure); // aborted before: it has ended
    }
  }

  get listens(): boolean {
    return this.#number !== undefined;
  }

  next(): Promise<Step> {
    return this.#steps.next();
  }

  #take(): FluoriteEvent | undefined {
    if (this.#at >= this.#taken.length && this.#taken.length < BATCH && this.#number !== undefined) {
      this.#taken = take(this.#native, this.#number);
      this.#at = 0;
      if (this.#taken.length === 0 && this.#closing) this.#stop();
    }
    return this.#taken[this.#at++];
  }

  /** A flood must not keep the loop from everything else: after a full batch it has its turn. */
  #pause(): Promise<void> | undefined {
    if (this.#taken.length < BATCH || this.#number === undefined) return undefined;
    this.#taken = [];
    return new Promise((turn) => setImmediate(turn));
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
    this.#steps.wake();
  }

  #stop(): void {
    unlisten(this.#signal, this.#abort);
    if (this.#number !== undefined) this.#native.endListening(this.#number);
    this.#number = undefined;
    this.#ended(this);
    this.#steps.wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
