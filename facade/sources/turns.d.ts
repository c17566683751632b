/**
 * Waits until nobody else has any of the folders, and has them until what it returns is called. Taken in one order by everybody, so that
 * no two calls wait for each other. Rejects with `ABORTED` when the signal ends the waiting.
 */
export declare function turns(folders: readonly string[], signal: AbortSignal | undefined): Promise<() => void>;
