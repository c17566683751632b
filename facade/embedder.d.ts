import type { Embedder } from './types/index.js';
/** What takes the answers. */
interface Native {
    embedded(key: number, vector: Float32Array | string): void;
}
/** A configuration for the native part, and the embedder that was in it. */
export interface Parted {
    config: unknown;
    embedder: Embedder | undefined;
}
/** Takes `ml.embedder` out of a configuration: functions are not data. All else is the native part's to judge. */
export declare function partConfig(config: unknown): Parted;
/** Gathers the engine's texts to batches for an embedder and answers each. */
export declare class EmbedderQueue {
    #private;
    constructor(native: Native, embedder: Embedder);
    /** A text of the engine. Does not throw. */
    readonly ask: (key: number, text: string) => void;
}
export {};
