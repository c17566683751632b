import { FluoriteError, inputError } from './errors.js';
import type { CallOptions, Progress } from './types/index.js';

/** Progress as the native part reports it. */
export type Report = (phase: string, done: number, total: number | null, rate: number, secondsLeft: number | null) => void;

/** The caller's signal and progress function, read once and checked. */
export interface Hooks {
  signal: AbortSignal | undefined;
  on_progress: ((p: Progress) => void) | undefined;
}

/** Reads the parts of options that are functions; all else is the native part's to judge. */
export function hooksOf(options: unknown): Hooks {
  if (typeof options !== 'object' || options === null) return { signal: undefined, on_progress: undefined };
  let signal, on_progress;
  try {
    const o = options as CallOptions & { onProgress?: (p: Progress) => void };
    signal = o.signal ?? undefined;
    on_progress = o.on_progress ?? o.onProgress ?? undefined;
    if (signal !== undefined && (typeof signal.aborted !== 'boolean' || typeof signal.addEventListener !== 'function')) {
      throw new Error('signal must be an AbortSignal');
    }
  } catch (e) {
    throw inputError('options', e);
  }
  if (on_progress !== undefined && typeof on_progress !== 'function') {
    throw new FluoriteError('INVALID_ARGUMENT', 'options: on_progress must be a function');
  }
  if (signal?.aborted) throw aborted(signal);
  return { signal, on_progress };
}

/** The error of an aborted call; its cause is the signal's reason. */
export function aborted(signal: AbortSignal): FluoriteError {
  return new FluoriteError('ABORTED', 'the call was aborted', signal.reason);
}

let calls = 0;

/** A call in progress. */
export interface Call {
  /** Its number for the native part; 0: nobody will cancel it. */
  number: number;
  /** Passes progress on; `undefined` when nobody asked. */
  report: Report | undefined;
  /** Throws when the call is to stop. */
  check(): void;
}

const QUIET: Call = { number: 0, report: undefined, check: () => undefined };

/**
 * Runs a call that can be stopped, by its signal or by a progress function that throws: then it rejects with what that
 * threw as `cause`.
 */
export async function cancellable<T>(
  native: { cancel(call: number): void },
  { signal, on_progress }: Hooks,
  work: (call: Call) => T | Promise<T>,
): Promise<T> {
  if (!signal && !on_progress) return work(QUIET);
  const number = ++calls;
  const stop = (): void => native.cancel(number);
  let thrown: { error: unknown } | undefined;
  const report: Report = (phase, done, total, rate, seconds_left) => {
    if (thrown) return;
    try {
      on_progress?.({ phase, done, total, rate, seconds_left });
    } catch (error) {
      thrown = { error };
      stop();
    }
  };
  const check = (): void => {
    if (thrown) throw new FluoriteError('ABORTED', 'on_progress threw, which stopped the call', thrown.error);
    if (signal?.aborted) throw aborted(signal);
  };
  listen(signal, stop);
  try {
    const result = await work({ number, report: on_progress && report, check });
    if (thrown) check();
    return result;
  } catch (e) {
    if (thrown || (e as { code?: unknown } | null)?.code === 'ABORTED') check();
    throw e;
  } finally {
    unlisten(signal, stop);
  }
}

/** Runs a call that can be stopped, and reads the JSON it answers with. */
export async function long<T>(native: { cancel(call: number): void }, options: unknown, work: (call: Call) => string | Promise<string>): Promise<T> {
  return JSON.parse(await cancellable(native, hooksOf(options), work)) as T;
}

/** Has an abort told; a signal of the caller's own making may throw. */
export function listen(signal: AbortSignal | undefined, stop: () => void): void {
  try {
    signal?.addEventListener('abort', stop, { once: true });
  } catch (e) {
    throw inputError('options: signal', e);
  }
}

/** Stops listening, and never fails: the call is over. */
export function unlisten(signal: AbortSignal | undefined, stop: () => void): void {
  try {
    signal?.removeEventListener('abort', stop);
  } catch {
    // the caller's own signal
  }
}

/** Counts what is done and reports it with the time it took. */
export function meter({ report }: Call, phase: string, total: number | null): (more: number) => void {
  if (!report) return () => undefined;
  const started = performance.now();
  let done = 0;
  return (more) => {
    done += more;
    const rate = done / Math.max((performance.now() - started) / 1000, 1e-6);
    report(phase, done, total, rate, total === null ? null : (total - done) / Math.max(rate, 1e-6));
  };
}
