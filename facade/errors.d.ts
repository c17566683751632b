/** The stable codes of failures. */
export type ErrorCode = 'NOT_INITIALIZED' | 'ALREADY_INITIALIZED' | 'CLOSED' | 'INVALID_CONFIG' | 'INVALID_ARGUMENT' | 'INVALID_ID' | 'CHUNK_TOO_LARGE' | 'NOT_FOUND' | 'MODEL_NOT_FOUND' | 'MODEL_REJECTED' | 'EMBEDDING_FAILED' | 'DIMENSION_MISMATCH' | 'STORE_LOCKED' | 'READ_ONLY' | 'CORRUPT' | 'NO_SPACE' | 'POISONED' | 'UNSUPPORTED_FORMAT' | 'KEY_REQUIRED' | 'KEY_WRONG' | 'NOT_ENCRYPTED' | 'ENCRYPTED_STORE_FULL' | 'ABORTED' | 'BUSY' | 'IO' | 'INTERNAL'
/** Not of a call: importing the package found no addon for this platform. */
 | 'ADDON_NOT_FOUND';
/** What every call of the bridge rejects with, and importing the package throws when there is no addon for the platform. */
export declare class FluoriteError extends Error {
    /** Which kind of failure; stable across releases. */
    readonly code: ErrorCode;
    /**
     * An error of this package; applications that answer for it make their own too.
     *
     * @param code - kind of failure.
     * @param message - what happened and what to do.
     * @param cause - what led to it, when there is something.
     */
    constructor(code: ErrorCode, message: string, cause?: unknown);
}
/** Is it an error of this package? True also for errors of another copy of it, or of another thread's realm. */
export declare function isFluoriteError(value: unknown): value is FluoriteError;
/** An error of the native part with its code; anything else is a defect here. */
export declare function fluoriteError(thrown: unknown): FluoriteError;
/** What the caller's own code threw while we read its input. */
export declare function inputError(what: string, thrown: unknown): FluoriteError;
/** Runs `work`; whatever goes wrong, also synchronously, is a rejection with a FluoriteError. */
export declare function guard<T>(work: () => T | Promise<T>): Promise<T>;
