import type { FluoriteEvent } from './types/index.js';
/** The native part's side of listening. */
export interface NativeEvents {
    readonly ready: boolean;
    listen(options: unknown, wake: () => void): number;
    listenTo(listener: number, kinds: {
        types: string[];
    }): void;
    takeEvents(listener: number, most: number): (unknown[] | string)[];
    endListening(listener: number): void;
}
/** Events taken at a time: about a millisecond of work for listeners that do little. */
export declare const BATCH = 512;
/** Refuses an event there is not, as the caller wrote it; what is no list of texts is the engine's to refuse. */
export declare function checkTypes(options: unknown): void;
/** The events of a batch: chunk events come as lists, the others as JSON (src/events.rs). */
export declare function take(native: NativeEvents, listener: number): FluoriteEvent[];
/** The listeners of a bridge. They share one queue of the engine, which exists while there is one. */
export declare class Emitter {
    #private;
    constructor(native: NativeEvents);
    /** Adds a listener; the same one twice is told twice. */
    add(type: unknown, listener: unknown, once: boolean): void;
    /** Removes the newest entry of a listener; nothing happens when there is none. */
    remove(type: unknown, listener: unknown): void;
    /** Has the engine tell what is listened to. Before the store is open and after it is closed there is nothing to tell. */
    connect(): void;
    /** Tells what is left, then nobody any more. */
    close(): Promise<void>;
}
