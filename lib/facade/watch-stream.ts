import { cancellable, hooksOf } from './call.js';
import { fluoriteError } from './errors.js';
import { Steps } from './steps.js';
import type { WatchProgress } from './types/index.js';

/** The native part's side of watching. */
export interface NativeWatch {
  watch(options: unknown, tell: (progress: string) => void, call: number): Promise<void> | void;
  cancel(call: number): void;
}

type Step = IteratorResult<WatchProgress, undefined>;

/** Kept for a slow reader; the oldest are dropped beyond it. */
const MOST = 1_024;

/** What a watch tells, one after the other. It watches from its construction on, not from the first `next`, and until its end. */
export class WatchStream implements AsyncIterableIterator<WatchProgress> {
  readonly #stop = new AbortController();
  /** Settled when nothing of the watch runs any more. */
  readonly ended: Promise<void>;
  #told: WatchProgress[] = [];
  #over = false;
  readonly #steps = new Steps<WatchProgress>({ take: () => this.#told.shift(), over: () => this.#over });

  /** Wrong options, and a watch that cannot begin, reject the first `next`. */
  constructor(native: NativeWatch, options: unknown) {
    this.ended = this.#run(native, options).then(
      () => undefined,
      (e: unknown) => {
        const failure = fluoriteError(e);
        if (failure.code !== 'ABORTED') this.#steps.fail(failure); // an end that was asked for
      },
    ).finally(() => {
      this.#over = true;
      this.#steps.wake();
    });
  }

  async #run(native: NativeWatch, options: unknown): Promise<void> {
    const { signal } = hooksOf(options);
    const both = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    const tell = (text: string): void => {
      if (both.aborted) return;
      this.#keep({ type: 'LearningProgress', ...(JSON.parse(text) as object), missed: 0 } as WatchProgress);
      this.#steps.wake();
    };
    const drop = (): void => {
      this.#told = [];
      this.#steps.wake();
    };
    both.addEventListener('abort', drop, { once: true });
    try {
      await cancellable(native, { signal: both, on_progress: undefined }, (call) => native.watch(options, tell, call.number));
    } finally {
      both.removeEventListener('abort', drop);
    }
  }

  #keep(progress: WatchProgress): void {
    const told = this.#told;
    const last = told.at(-1);
    // a slow reader is not told how far a run was, but how far it is
    if (last && passing(last) && passing(progress)) progress.missed = told.pop()?.missed ?? 0;
    told.push(progress);
    if (told.length <= MOST) return;
    const oldest = told[0]?.phase === 'watching' ? 1 : 0; // told once: who waits for it must get it
    const [dropped] = told.splice(oldest, 1);
    const next = told[oldest];
    if (dropped && next) next.missed += dropped.missed + 1;
  }

  next(): Promise<Step> {
    return this.#steps.next();
  }

  /** Ends the watch; resolves when nothing of it runs any more. What was not read is dropped. */
  async return(): Promise<Step> {
    this.#stop.abort();
    await this.ended;
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function passing(p: WatchProgress): boolean {
  return p.path !== null && p.report === null && p.error === null;
}
