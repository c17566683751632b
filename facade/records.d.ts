import type { Chunk, ChunkVersion, RankedDocument, SearchHit } from './types/index.js';
/** A record as the native part gives it: the id, then the fields in the order of FIELDS; holes are fields not asked for. */
export type Tuple = unknown[];
/** One literal per kind of object: V8 gives all of them one shape. */
export declare function toChunk(t: Tuple): Chunk;
/** An older version has no reads of its own. */
export declare function toVersion(t: Tuple): ChunkVersion;
/** Hits with all fields, with some, or (flat: id, score, id, score) with none. */
export declare function toHits(list: unknown[], fields: readonly string[] | undefined): SearchHit[];
/** Flat: index, score, text. */
export declare function toRanked(list: unknown[]): RankedDocument[];
/** The fields asked for; whether they exist is the native part's to judge. */
export declare function fieldsOf(options: unknown): readonly string[] | undefined;
