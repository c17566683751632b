/** What an iterator over things that come by themselves is made of. */
export interface Source<T> {
  /** The next thing that is there already. */
  take(): T | undefined;
  /** Will nothing more come? Asked when nothing is there. */
  over(): boolean;
  /** Waits before it takes again instead of waiting for {@link Steps.wake}, when it must. */
  pause?(): Promise<void> | undefined;
}

/** Answers the `next` of such an iterator: one after the other, in the order they were asked, each when there is something or nothing more will come. */
export class Steps<T> {
  readonly #source: Source<T>;
  #failure: unknown;
  #wake: (() => void) | undefined;
  /** The last `next`: the one after it waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(source: Source<T>) {
    this.#source = source;
  }

  /** The `next` of the iterator. */
  next(): Promise<IteratorResult<T, undefined>> {
    const step = (): Promise<IteratorResult<T, undefined>> => this.#step();
    const result = this.#last.then(step, step);
    this.#last = result;
    return result;
  }

  /** Something has come, or the end. */
  wake(): void {
    this.#wake?.();
  }

  /** The `next` that finds nothing any more rejects with this, once. */
  fail(failure: unknown): void {
    this.#failure = failure;
  }

  async #step(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const value = this.#source.take();
      if (value !== undefined) return { value, done: false };
      const paused = this.#source.pause?.();
      if (paused) {
        await paused;
      } else if (this.#source.over()) {
        const failure = this.#failure;
        this.#failure = undefined;
        if (failure !== undefined) throw failure;
        return { value: undefined, done: true };
      } else {
        await new Promise<void>((woken) => (this.#wake = woken));
      }
    }
  }
}
