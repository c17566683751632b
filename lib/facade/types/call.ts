import type { FluoriteError } from '../errors.js';

/** Progress of a long call. */
export interface Progress {
  /** What is being done now. */
  phase: string;
  /** Units finished. */
  done: number;
  /** Units in all, `null` when not known. */
  total: number | null;
  /** Units per second so far. */
  rate: number;
  /** Seconds left at this rate, `null` when not known. */
  seconds_left: number | null;
}
/** Options of every call that can be stopped. */
export interface SignalOptions {
  /** Stops the work; the call rejects with `ABORTED`. */
  signal?: AbortSignal | undefined;
}
/** Options of every long call. */
export interface CallOptions extends SignalOptions {
  /** Told from time to time; what it throws stops the call. */
  on_progress?: ((progress: Progress) => void) | undefined;
}
/** Options of calls that can go on behind damage. */
export interface DamageOptions {
  /**
   * Told of each chunk (with `embeddings` of an export also each vector) that cannot be read, as the `CORRUPT` that ends the call
   * when this is absent; the others follow. What it throws stops the call.
   */
  on_damage?: ((error: FluoriteError) => void) | undefined;
}
/** How a chunk is deleted. */
export interface PurgeOptions {
  /**
   * Every byte goes, of older versions as well, also of what was deleted before or has expired: `false`. Nothing of it can be
   * read from now on; it leaves the files with the next `optimize()`, or by itself within about a minute. Until then
   * `getStats().purge_pending` counts it. Snapshots and exports are out of reach. See `docs/purge.md`.
   */
  purge?: boolean | undefined;
}
/** Options of `deleteChunk`. */
export interface DeleteOptions extends IdOptions, PurgeOptions {}
/** Options of `deleteWhere`. */
export interface DeleteWhereOptions extends PurgeOptions {
  /** An empty filter is meant: it deletes everything. */
  all?: boolean | undefined;
}
/** Where a call by id looks. */
export interface IdOptions {
  /** `default` when absent. */
  namespace?: string | undefined;
}
