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
  /** Default of writes: `sync`. */
  durability?: Durability;
  /** MiB after which a segment of the log is sealed: 64. */
  segment_mb?: number;
  /**
   * Own terms beside the bundled lexicon, before which they come: a Japanese, Korean or Chinese term -> its English words, with `|` between
   * alternatives. Queries with such a term are searched in English too.
   */
  lexicon?: Record<string, string>;
}
/** The `learning` of a configuration: `learnFromSpikes`. */
export interface LearningConfig {
  /** Files read per step: 32. */
  batch_size?: number;
  /** Read files on all threads: true. */
  parallel_processing?: boolean;
  /** Least quality of a spike that patterns are drawn from, 0 to 1: 0.7 (`docs/quality.md`). */
  quality_threshold?: number;
  /** Take in generated spikes as well: false. */
  include_generated?: boolean;
}
/** The `ml` of a configuration: the model. */
export interface MlConfig {
  /** Name of the model's folder: `all-MiniLM-L6-v2`. */
  embedding_model?: string;
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
