/** What an iterator over things that come by themselves is made of. */
export interface Source<T> {
    /** The next thing that is there already. */
    take(): T | undefined;
    /** Will nothing more come? Asked when nothing is there. */
    over(): boolean;
    /** Waits before it takes again instead of waiting for {@link Steps.wake}, when it must. */
    pause?(): Promise<void> | undefined;
}
/** Answers the `next` of such an iterator: one after the other, in the order they were asked, each when there is something or nothing more will come. */
export declare class Steps<T> {
    #private;
    constructor(source: Source<T>);
    /** The `next` of the iterator. */
    next(): Promise<IteratorResult<T, undefined>>;
    /** Something has come, or the end. */
    wake(): void;
    /** The `next` that finds nothing any more rejects with this, once. */
    fail(failure: unknown): void;
}
