import type { CallOptions, SignalOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { ChunkId } from './chunk.js';
import type { Durability } from './config.js';
/** Options of a write. */
export interface WriteOptions extends SignalOptions {
    /** The store's setting when absent, which is `sync` by default. */
    durability?: Durability | undefined;
    /** `sync`: embedded when it resolves. `background`: found by its words until the vector is there. */
    embed?: 'sync' | 'background' | undefined;
}
/** The members of {@link BatchOptions}; camelCase is taken as well. */
export interface BatchOptionsMembers extends WriteOptions, CallOptions {
    /** `abort` (default): the first failure rejects, slices stored before stay. `collect`: failures are listed. */
    on_error?: 'abort' | 'collect';
    /** All or none, in one batch of at most 10,000 chunks. */
    atomic?: boolean;
}
/** Options of `storeChunks`. */
export type BatchOptions = EitherCase<BatchOptionsMembers>;
/** A chunk that was not stored. */
export interface BatchFailure {
    /** Position in the call. */
    index: number;
    /** Its id, when it had one. */
    id: ChunkId | null;
    /** An `ErrorCode`. */
    code: string;
    /** What is wrong with it. */
    message: string;
}
/** Result of `storeChunks`. */
export interface BatchResult {
    /** In the order given; `null` where the chunk failed. */
    ids: (ChunkId | null)[];
    /** Chunks stored. */
    stored: number;
    /** Chunks not stored (`on_error: 'collect'`). */
    failed: BatchFailure[];
}
