import type { CallOptions, SignalOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { ChunkId } from './chunk.js';
import type { Durability } from './config.js';

/** The members of {@link WriteOptions}; camelCase is taken as well. */
export interface WriteOptionsMembers extends SignalOptions {
  /** The store's setting when absent, which is `sync` by default. */
  durability?: Durability | undefined;
  /** `sync`: embedded when it resolves. `background`: found by its words until the vector is there. */
  embed?: 'sync' | 'background' | undefined;
  /**
   * Store texts over the model's window (256 tokens), or over `max_chunk_size`, in pieces: the store's `memory.auto_split` when absent.
   * See `docs/chunking.md`.
   */
  auto_split?: boolean | undefined;
}
/** Options of a write. */
export type WriteOptions = EitherCase<WriteOptionsMembers>;
/** The members of {@link BatchOptions}; camelCase is taken as well. */
export interface BatchOptionsMembers extends WriteOptionsMembers, CallOptions {
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
/** A text that was stored in pieces, as `<id>#1` to `<id>#<parts>`. */
export interface SplitChunk {
  /** Position in the call. */
  index: number;
  /** The id of the whole, which `getChunk` and `deleteChunk` take. */
  id: ChunkId;
  /** Pieces. */
  parts: number;
}
/** Result of `storeChunks`. */
export interface BatchResult {
  /** In the order given; `null` where the chunk failed. */
  ids: (ChunkId | null)[];
  /** Chunks stored; a text in pieces counts once. */
  stored: number;
  /** Chunks not stored (`on_error: 'collect'`). */
  failed: BatchFailure[];
  /** Those that were stored in pieces (`auto_split`), in the order given; absent when there are none. */
  split?: SplitChunk[];
}
