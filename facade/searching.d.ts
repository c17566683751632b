import type { NativeBridge } from '../native.js';
import type { RankedDocument, SearchHit, TextChunk } from './types/index.js';
/** The best hits of each query. */
export declare function searchMany(native: NativeBridge, queries: unknown, options: unknown): Promise<SearchHit[][]>;
/** The chunks most like a stored one. */
export declare function findRelated(native: NativeBridge, id: unknown, options: unknown): Promise<SearchHit[]>;
/** Texts ranked by meaning. */
export declare function rank(native: NativeBridge, query: unknown, documents: unknown, top_k: unknown, options: unknown): Promise<RankedDocument[]>;
/** The pieces of a text. */
export declare function cut(native: NativeBridge, text: string, options: unknown): Promise<TextChunk[]>;
