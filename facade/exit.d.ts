/** What ends its threads before the process exits. */
interface Native {
    tearDown(): void;
}
/**
 * Has the bridge end its threads when the process exits: `process.exit` would run C destructors under them. Environment
 * clean-up does it for worker threads, but does not run for `process.exit` of the main thread.
 */
export declare function atExit(native: Native): void;
/** A closed bridge has no threads. */
export declare function notAtExit(native: Native): void;
export {};
