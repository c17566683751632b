/** The slices of an array or of any other source, and how many items there are when that is known. */
export declare function slicesOf<T>(items: unknown, what: string, signal: AbortSignal | undefined): [Iterable<T[]> | AsyncIterable<T[]>, number | null];
/** Is it one batch? Any other value is the native part's to judge. */
export declare function isAtomic(options: unknown): boolean;
/** All items of an `atomic` call; the native part refuses more than its limit, so no more is read. */
export declare function gather<T>(source: Iterable<T[]> | AsyncIterable<T[]>): Promise<T[]>;
/** Sends slices, several at once; after the first failure no more. Resolves when all sent ones are settled. */
export declare function sendAll<T>(source: Iterable<T[]> | AsyncIterable<T[]>, send: (slice: T[], offset: number) => Promise<void>): Promise<void>;
