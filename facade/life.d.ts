import type { NativeBridge } from '../native.js';
import { EventStream } from './event-stream.js';
import type { Emitter } from './events.js';
import { WatchStream } from './watch-stream.js';
/** The life of a bridge: opened once, closed once, and what has to end with it. */
export declare class Life {
    #private;
    /** @param emitter - tells listeners from the open on. */
    constructor(native: NativeBridge, emitter: Emitter);
    /** Opens; after a failure it can be called again. */
    open(config: unknown): Promise<void>;
    /** Events until the end. */
    events(options: unknown): EventStream;
    /** A watch, which ends with the bridge. */
    watch(options: unknown): WatchStream;
    /** Closes when everything under way has ended; every call waits for the same end. */
    close(): Promise<void>;
}
