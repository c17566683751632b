import { type NativeEvents } from './events.js';
import type { FluoriteEvent } from './types/index.js';
type Step = IteratorResult<FluoriteEvent, undefined>;
/** Events one after the other, from a queue of its own. It listens from its construction on, not from the first `next`. */
export declare class EventStream implements AsyncIterableIterator<FluoriteEvent> {
    #private;
    /** `ended` is told when nothing more will come. Wrong options reject the first `next`. */
    constructor(native: NativeEvents, options: unknown, ended: (stream: EventStream) => void);
    get listens(): boolean;
    next(): Promise<Step>;
    /** Ends the iteration; what was not read is dropped. */
    return(): Promise<Step>;
    /** The store is closed: what happened until now can still be read. */
    close(): void;
    [Symbol.asyncIterator](): this;
}
export {};
