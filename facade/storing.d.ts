import type { NativeBridge } from '../native.js';
import type { BatchResult } from './types/index.js';
/** Stores chunks slice by slice, or all of them as one batch; the places of the result are those of the input. */
export declare function storeAll(native: NativeBridge, chunks: unknown, options: unknown): Promise<BatchResult>;
