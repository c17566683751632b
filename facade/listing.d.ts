import type { NativeBridge } from '../native.js';
import type { Chunk } from './types/index.js';
/** Chunks page by page. */
export declare function listAll(native: NativeBridge, options: unknown): AsyncGenerator<Chunk, void, undefined>;
