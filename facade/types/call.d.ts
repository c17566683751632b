/** Progress of a long call. */
export interface Progress {
    /** What is being done now. */
    phase: string;
    /** Units finished. */
    done: number;
    /** Units in all, `null` when not known. */
    total: number | null;
    /** Units per second so far. */
    rate: number;
    /** Seconds left at this rate, `null` when not known. */
    seconds_left: number | null;
}
/** Options of every call that can be stopped. */
export interface SignalOptions {
    /** Stops the work; the call rejects with `ABORTED`. */
    signal?: AbortSignal | undefined;
}
/** Options of every long call. */
export interface CallOptions extends SignalOptions {
    /** Told from time to time; what it throws stops the call. */
    on_progress?: ((progress: Progress) => void) | undefined;
}
/** Where a call by id looks. */
export interface IdOptions {
    /** `default` when absent. */
    namespace?: string | undefined;
}
