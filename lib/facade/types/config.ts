import type { EitherCase } from './case.js';

/** When a write counts as done: after fsync (survives power loss), or once the operating system has the bytes. */
export type Durability = 'sync' | 'buffered';
/** The `memory` of a configuration: the store. */
export interface MemoryConfig {
  /** MiB of the cache of decompressed chunks: 512. */
  cache_size_mb?: number;
  /** zstd: on. */
  enable_compression?: boolean;
  /** zstd level: 3. */
  compression_level?: number;
  /** Largest content in bytes: 1 MiB. */
  max_chunk_size?: number;
  /**
   * Store texts over the model's window (256 tokens), or over `max_chunk_size`, in pieces `<id>#1` ... `<id>#n`, cut along their structure:
   * false. Searches find the pieces (`metadata.parent` names the whole); `getChunk`, `deleteChunk` and `storeChunk` go on treating `<id>` as
   * one chunk. Bytes that are no text and chunks with an `embedding` of their own stay whole. See `docs/chunking.md`.
   */
  auto_split?: boolean;
  /** Default of writes: `sync`. */
  durability?: Durability;
  /** MiB after which a segment of the log is sealed: 64. */
  segment_mb?: number;
  /**
   * Encrypts a new store, and opens it again (`docs/encryption.md`): 32 random bytes, as they are, in hexadecimal or base64. Better given by the
   * environment variable `FLUORITE_ENCRYPTION_KEY`. A lost key is a lost store.
   */
  encryption_key?: Uint8Array | string;
  /**
   * Own terms beside the bundled lexicon, before which they come: a Japanese, Korean or Chinese term -> its English words, with `|` between
   * alternatives; queries with such a term are searched in English too. Or an English word, or a phrase of up to three -> other words for it.
   */
  lexicon?: Record<string, string>;
}
/** The `learning` of a configuration: `learnFromSpikes`, and the history of searches. */
export interface LearningConfig {
  /** Files read per step: 32. */
  batch_size?: number;
  /** Read files on all threads: true. */
  parallel_processing?: boolean;
  /** Least quality of a spike that patterns are drawn from, 0 to 1: 0.7 (`docs/quality.md`). */
  quality_threshold?: number;
  /** Take in generated spikes as well: false. */
  include_generated?: boolean;
  /**
   * Write every search into `searches.jsonl` in `history_dir`: the query's text, the time, filter, ids and scores of the hits, as JSON lines:
   * false. At most 40 MiB are kept; the folder is the owner's alone. See `docs/metrics.md` for what that reveals.
   */
  history?: boolean;
  /** Where, outside the store: `~/tmp/fluorite-learning`. Used only with `history`. */
  history_dir?: string;
}
/**
 * Turns texts into vectors in place of the bundled model: another model, or a service. The store keeps its `model_id` and
 * opens with no other. `countTokens` and budgets go on counting by the bundled tokenizer.
 *
 * @example
 * const embedder: Embedder = { model_id: 'my-model@1', dimensions: 768, embed: (texts, { signal }) => myService(texts, signal) };
 * await FluoriteBridge.open({ memory_path: './memory', ml: { embedder } });
 */
export interface Embedder {
  /** Name and version of the model, 1 to 256 bytes: vectors of different ids are never compared. */
  readonly model_id: string;
  /** Values of a vector, 1 to 16,384. */
  readonly dimensions: number;
  /**
   * A vector for each text, in their order; they need not be of unit length. Called with 1 to 64 texts of at most 32 KB, at most four
   * times at once. A rejection, a wrong length, and no answer in time make the calls that need these vectors reject with
   * `EMBEDDING_FAILED`. Writes take effect in the order of their calls: while a write waits for this, later writes and deletes wait too.
   * Must not wait for the bridge that uses it: its searches, its writes and `shutdown` wait for this, until `timeout_ms` ends it. To close the
   * bridge from here, call `shutdown` without awaiting it.
   */
  embed(texts: string[], options: { signal: AbortSignal }): Promise<Float32Array[]> | Float32Array[];
  /** Milliseconds after which a call has failed, with all texts that wait for another; `signal` is aborted then. 30,000; at most an hour. */
  readonly timeout_ms?: number | undefined;
}
/** The `ml` of a configuration: the model. */
export interface MlConfig {
  /** Name of the model's folder: `all-MiniLM-L6-v2`. */
  embedding_model?: string;
  /** Your own embedder instead of the model. Only here, not in a file. */
  embedder?: Embedder;
  /** Only `true`. */
  cpu_only?: true;
  /** Worker threads: cores, at most 8. */
  num_threads?: number;
}
/** The members of {@link BridgeConfig}; camelCase is taken as well. */
export interface BridgeConfigMembers {
  /** Folder of the store; created when absent. `FLUORITE_MEMORY_PATH` when not given. */
  memory_path?: string;
  /** Folder with models, searched before the one inside the package. */
  models_path?: string;
  /** Folder of spike templates, the default `path` of `learnFromSpikes`. */
  spike_templates_path?: string;
  /** Load the embedding model? Default true; without it search is by words. */
  enable_ml?: boolean;
  /**
   * Open a store that is there for reading alone, also while another process writes it: false. No byte of it is changed, no lock is
   * taken, writes reject with `READ_ONLY`. What the writer stores shows after `refresh_interval_ms`, or after `refresh()`.
   */
  read_only?: boolean;
  /** Milliseconds between two looks of a `read_only` bridge at what was written, up to an hour: 1,000. 0: only `refresh()` looks. */
  refresh_interval_ms?: number;
  /** A TOML file with `[memory]`, `[learning]` and `[ml]`. */
  config_path?: string;
  /** MiB of the cache of decompressed chunks: 512. */
  cache_size_mb?: number;
  /** The store. */
  memory?: EitherCase<MemoryConfig>;
  /** Files read per step of learning: 32. */
  batch_size?: number;
  /** Learn only what changed since the last run: true. */
  enable_incremental_learning?: boolean;
  /** Learning from spikes. */
  learning?: EitherCase<LearningConfig>;
  /** The model. */
  ml?: EitherCase<MlConfig>;
}
/** Configuration of a store. Precedence: these values, environment variables, the file at `config_path`, defaults. */
export type BridgeConfig = EitherCase<BridgeConfigMembers>;
