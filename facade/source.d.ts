/** The items of a source. One that throws, or is no source, is the caller's error; an abort does not wait for it. */
export declare function sourceOf<T>(items: unknown, what: string, signal: AbortSignal | undefined): AsyncGenerator<T>;
