import { FluoriteError } from './errors.js';
import type { Progress } from './types/index.js';
/** Progress as the native part reports it. */
export type Report = (phase: string, done: number, total: number | null, rate: number, secondsLeft: number | null) => void;
/** The caller's signal and progress function, read once and checked. */
export interface Hooks {
    signal: AbortSignal | undefined;
    on_progress: ((p: Progress) => void) | undefined;
}
/** Reads the parts of options that are functions; all else is the native part's to judge. */
export declare function hooksOf(options: unknown): Hooks;
/** The error of an aborted call; its cause is the signal's reason. */
export declare function aborted(signal: AbortSignal): FluoriteError;
/** A call in progress. */
export interface Call {
    /** Its number for the native part; 0: nobody will cancel it. */
    number: number;
    /** Passes progress on; `undefined` when nobody asked. */
    report: Report | undefined;
    /** Throws when the call is to stop. */
    check(): void;
}
/**
 * Runs a call that can be stopped, by its signal or by a progress function that throws: then it rejects with what that
 * threw as `cause`.
 */
export declare function cancellable<T>(native: {
    cancel(call: number): void;
}, { signal, on_progress }: Hooks, work: (call: Call) => T | Promise<T>): Promise<T>;
/** Runs a call that can be stopped, and reads the JSON it answers with. */
export declare function long<T>(native: {
    cancel(call: number): void;
}, options: unknown, work: (call: Call) => string | Promise<string>): Promise<T>;
/** Has an abort told; a signal of the caller's own making may throw. */
export declare function listen(signal: AbortSignal | undefined, stop: () => void): void;
/** Stops listening, and never fails: the call is over. */
export declare function unlisten(signal: AbortSignal | undefined, stop: () => void): void;
/** Counts what is done and reports it with the time it took. */
export declare function meter({ report }: Call, phase: string, total: number | null): (more: number) => void;
