import type { WatchProgress } from './types/index.js';
/** The native part's side of watching. */
export interface NativeWatch {
    watch(options: unknown, tell: (progress: string) => void, call: number): Promise<void> | void;
    cancel(call: number): void;
}
type Step = IteratorResult<WatchProgress, undefined>;
/** What a watch tells, one after the other. It watches from its construction on, not from the first `next`, and until its end. */
export declare class WatchStream implements AsyncIterableIterator<WatchProgress> {
    #private;
    /** Settled when nothing of the watch runs any more. */
    readonly ended: Promise<void>;
    /** Wrong options, and a watch that cannot begin, reject the first `next`. */
    constructor(native: NativeWatch, options: unknown);
    next(): Promise<Step>;
    /** Ends the watch; resolves when nothing of it runs any more. What was not read is dropped. */
    return(): Promise<Step>;
    [Symbol.asyncIterator](): this;
}
export {};
