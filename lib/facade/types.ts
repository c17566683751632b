type CamelCase<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : S;
/** Members that may be left out may also be `undefined`, whatever the caller's `exactOptionalPropertyTypes`. */
type Given<T, K extends keyof T> = Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K];
/** Input objects take snake_case and camelCase; the same key in both spellings is refused. */
export type EitherCase<T> = { [K in keyof T]: Given<T, K> } | { [K in keyof T as K extends string ? CamelCase<K> : K]: Given<T, K> };

/** Id of a chunk: 1 to 1,024 bytes of well-formed text, unique in its namespace. */
export type ChunkId = string;
/** What a chunk is. */
export type ChunkType =
  | 'spike_template' | 'pattern' | 'api_integration' | 'component' | 'application' | 'configuration' | 'best_practice'
  | 'error_solution' | 'performance' | 'security' | 'testing' | 'documentation' | 'conversation' | 'thought';
/** How long a chunk is meant to matter. */
export type MemoryType = 'long_term' | 'short_term' | 'episodic' | 'semantic' | 'procedural';
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

/** The members of {@link ChunkInput}; camelCase is taken as well. */
export interface ChunkInputMembers {
  /** A UUIDv7 when absent. */
  id?: ChunkId;
  /** Text, or bytes that need not be text; at most `max_chunk_size` (1 MiB). */
  content: string | Uint8Array;
  /** Frameworks it belongs to. */
  frameworks?: string[];
  /** Free labels. */
  tags?: string[];
  /** 0 to 1; 0.5 when absent. */
  quality_score?: number;
  /** `component` when absent. */
  chunk_type?: ChunkType;
  /** `long_term` when absent. */
  memory_type?: MemoryType;
  /** Programming or natural language. */
  language?: string;
  /** Where it came from: a path, a URL. */
  source?: string;
  /** `default` when absent. */
  namespace?: string;
  /** Any JSON object. */
  metadata?: Record<string, unknown>;
  /** A vector of the store's model; normalised when stored. */
  embedding?: Float32Array | number[];
  /** Seconds until it expires. */
  ttl_seconds?: number;
  /** Never evicted by bounded memories. */
  pinned?: boolean;
}
/** A chunk to store. Only `content` is required. */
export type ChunkInput = EitherCase<ChunkInputMembers>;

/** A stored chunk. Times are ISO strings. */
export interface Chunk {
  /** Its id. */
  id: ChunkId;
  /** Text; bytes that are not UTF-8 are U+FFFD here (`getContentBuffer` has them). */
  content: string;
  /** Frameworks it belongs to. */
  frameworks: string[];
  /** Free labels. */
  tags: string[];
  /** 0 to 1. */
  quality_score: number;
  /** What it is. */
  chunk_type: ChunkType;
  /** How long it is meant to matter. */
  memory_type: MemoryType;
  /** Programming or natural language; `null` when not given. */
  language: string | null;
  /** Where it came from; `null` when not given. */
  source: string | null;
  /** Where it is. */
  namespace: string;
  /** As given; `{}` when not. */
  metadata: Record<string, unknown>;
  /** Never evicted by bounded memories. */
  pinned: boolean;
  /** When its first version was stored. */
  created_at: string;
  /** When this version was stored. */
  updated_at: string;
  /** When it was last read. */
  accessed_at: string;
  /** When it expires; `null` for never. */
  expires_at: string | null;
  /** Reads so far. */
  usage_count: number;
  /** 1 for the first. */
  version: number;
  /** XXH3-128 of the content, 32 hexadecimal digits. */
  content_hash: string;
}
/** A field that searches can be limited to. */
export type ChunkField = Exclude<keyof Chunk, 'id'>;
/** One version of a chunk, as `history` lists it. */
export type ChunkVersion = Omit<Chunk, 'usage_count' | 'accessed_at'>;

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
/** A chunk, or a new version of it, is stored: as durable as the write asked for, and found by the next search. */
export interface ChunkStored {
  /** Which event this is. */
  type: 'ChunkStored';
  /** The chunk's id. */
  id: ChunkId;
  /** Where it is. */
  namespace: string;
  /** 1 for a new chunk, one more with every store. */
  version: number;
}
/** A delete took a chunk away. A chunk whose time (`ttl_ms`) is up is not deleted and has no event. */
export interface ChunkDeleted {
  /** Which event this is. */
  type: 'ChunkDeleted';
  /** The chunk's id. */
  id: ChunkId;
  /** Where it was. */
  namespace: string;
}
/** How far a `learnFromSpikes` has come, in files; its `phase` is `done` at the end. */
export interface LearningProgress extends Progress {
  /** Which event this is. */
  type: 'LearningProgress';
  /** Where its chunks go. */
  namespace: string;
}
/** An index was built behind the calls, or by `optimize`, and is in use. */
export interface IndexBuilt {
  /** Which event this is. */
  type: 'IndexBuilt';
  /** `vector`: a graph over vectors; `text`: a sealed text segment. */
  kind: 'vector' | 'text';
  /** Chunks in it. */
  rows: number;
  /** How long it took. */
  duration_ms: number;
}
/** Events were dropped at this place, because the listener was slower than the store. */
export interface Lagged {
  /** Which event this is. */
  type: 'Lagged';
  /** How many. */
  missed: number;
}
/** The events by name. Later releases add to it. */
export interface FluoriteEventMap {
  /** A chunk was stored. */
  ChunkStored: ChunkStored;
  /** A chunk was deleted. */
  ChunkDeleted: ChunkDeleted;
  /** Learning went on. */
  LearningProgress: LearningProgress;
  /** An index was built. */
  IndexBuilt: IndexBuilt;
  /** Events were missed. */
  Lagged: Lagged;
}
/** The name of an event. */
export type FluoriteEventName = keyof FluoriteEventMap;
/** Any event; `type` tells which. */
export type FluoriteEvent = FluoriteEventMap[FluoriteEventName];
/** A function that is told of events, or (`error`) of what other listeners threw and at which event. */
export type FluoriteListener<K extends FluoriteEventName | 'error'> = K extends FluoriteEventName
  ? (event: FluoriteEventMap[K]) => void
  : (thrown: unknown, event: FluoriteEvent) => void;
/** Options of `events`. */
export interface EventOptions {
  /** Only these; all when absent. `Lagged` comes in any case. */
  types?: readonly FluoriteEventName[] | undefined;
  /** Only events of this namespace, and those about the store itself; all when absent. */
  namespace?: string | undefined;
  /** Events kept for a slow reader, 1 to 1,048,576: 16,384 when absent. The oldest are dropped beyond it, and counted in a `Lagged`. */
  buffer?: number | undefined;
  /** Ends the iteration. */
  signal?: AbortSignal | undefined;
}
/** Where a call by id looks. */
export interface IdOptions {
  /** `default` when absent. */
  namespace?: string | undefined;
}
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

/** Any, all, none of these. */
export interface SetFilter {
  /** At least one of these. */
  any?: string[] | undefined;
  /** Every one of these. */
  all?: string[] | undefined;
  /** Not one of these. */
  none?: string[] | undefined;
}
/** The members of {@link SearchFilter}; camelCase is taken as well. */
export interface SearchFilterMembers {
  /** All namespaces when absent. */
  namespace?: string | string[];
  /** By frameworks. */
  frameworks?: SetFilter;
  /** By tags. */
  tags?: SetFilter;
  /** One of these. */
  chunk_type?: ChunkType[];
  /** One of these. */
  language?: string[];
  /** One of these, exactly. */
  source?: string[];
  /** At least this quality. */
  min_quality?: number;
  /** Created at or after: ISO text, a Date, or milliseconds. */
  created_after?: string | number | Date;
  /** Created before. */
  created_before?: string | number | Date;
  /** Top-level members that must equal these scalars. */
  metadata?: Record<string, string | number | boolean | null>;
  /** `false` leaves out chunks tagged `generated`. */
  include_generated?: boolean;
}
/** Which chunks count. All given conditions must hold. */
export type SearchFilter = EitherCase<SearchFilterMembers>;
/** The members of {@link SearchOptions}; camelCase is taken as well. */
export interface SearchOptionsMembers extends SignalOptions {
  /** 10 when absent, at most 1,000 together with `offset`. */
  limit?: number;
  /** Hits to skip. */
  offset?: number;
  /** `hybrid` for text when the model is on, `lexical` when it is off; vectors always search vectors. */
  mode?: 'hybrid' | 'vector' | 'lexical';
  /** Only chunks that match. */
  filter?: SearchFilter;
  /** Leaves out hits below this score: 0. What a score means depends on the mode: see `docs/search.md`. */
  min_score?: number;
  /**
   * Ranking signals beside the scores of both legs (definitions, paths, other hits of a file, neighbouring turns, quality, use): true.
   * `false` with mode `lexical` is the plain BM25 order. Mode `vector` never has any.
   */
  rerank?: boolean;
  /** `false`: without what feedback taught (`trainIncremental`). Mode `vector` and `rerank: false` never use it. */
  learned?: boolean;
  /** Rank by what feedback of this domain taught; by what all domains taught when absent, or not known. */
  domain?: string;
  /** Variety among the hits: 1 is none, 0 nothing else (maximal marginal relevance over the best 100 by their vectors). Off by default. */
  mmr_lambda?: number;
  /** Adds the components of the score. */
  explain?: boolean;
  /** Scans all vectors in full precision. */
  exact?: boolean;
  /** Share of the true nearest a vector search is to find, .5 to .9999: .98. More costs time; `exact` is certainty. */
  recall_target?: number;
  /** Width of graph walks instead of `recall_target`, 1 to 4,096: for experts who measure. */
  ef?: number;
  /**
   * Most tokens of the contents of all hits, each as `countTokens` counts it: 1 to 1,000,000. From the best hit on, one that does not
   * fit any more is left out and later ones that fit are taken, among the `limit` hits. No bound by default.
   */
  budget_tokens?: number;
  /** Fields wanted; `[]` is id and score alone, the cheapest; all when absent. */
  fields?: readonly ChunkField[];
}
/** Options of a search. */
export type SearchOptions = EitherCase<SearchOptionsMembers>;
/** What a search says about a hit. */
export interface HitScores {
  /** 0 to 1, higher is better. */
  score: number;
  /** Cosine, negative counted as 0; `null` without vectors. */
  similarity: number | null;
  /** BM25 mapped to 0 to 1; `null` when words were not asked. */
  lexical_score: number | null;
  /** Its vector is still to be computed. */
  pending: boolean;
  /** Its vector covers only the first tokens of the text. */
  truncated: boolean;
  /** Components of the score, with `explain`. */
  explain?: Record<string, number>;
}
/** One hit: the chunk and its scores. */
export interface SearchHit extends Chunk, HitScores {}
/** A hit with `fields: []`. */
export interface BareHit {
  /** Its id. */
  id: ChunkId;
  /** 0 to 1, higher is better. */
  score: number;
}
/** A hit limited to some fields; with none it is id and score. */
export type PartialHit<F extends ChunkField> = [F] extends [never] ? BareHit : Pick<Chunk, F | 'id'> & HitScores;

/** Options of `findRelated`: `namespace` is where the chunk lies, `filter.namespace` where is searched (the same when absent). */
export type RelatedOptions = SearchOptions & IdOptions;
/** One text of `semanticSearch`. */
export interface RankedDocument {
  /** Its place in the documents given. */
  document_index: number;
  /** The text. */
  document_content: string;
  /** Cosine of its vector and the query's, 0 to 1; negative counted as 0. */
  similarity_score: number;
}

/** The members of {@link ContextOptions}; camelCase is taken as well. */
export interface ContextOptionsMembers extends SignalOptions {
  /** Most tokens of the text, as `countTokens` counts it: 1 to 1,000,000. */
  budget_tokens: number;
  /** Only chunks that match. */
  filter?: SearchFilter;
  /** `markdown` (default): a heading per chunk and its text in a fenced block. `plain`: a line per chunk and its text. */
  format?: 'markdown' | 'plain';
  /** `stable` (default): by namespace, path, line and id, so that the same chunks give the same bytes. `relevance`: best first. */
  order?: 'stable' | 'relevance';
  /** As in `searchSimilar`. */
  mode?: 'hybrid' | 'vector' | 'lexical';
  /** Leaves out chunks below this score: 0. */
  min_score?: number;
  /** Variety among the chunks, as in `searchSimilar`. Off by default. */
  mmr_lambda?: number;
}
/** Options of `buildContext`. */
export type ContextOptions = EitherCase<ContextOptionsMembers>;
/** A chunk of a context. */
export interface ContextChunk {
  /** Its id. */
  id: ChunkId;
  /** Where it is. */
  namespace: string;
  /** Its score as a hit. */
  score: number;
  /** `source`, else `metadata.path`. */
  path: string | null;
  /** First line in that file, from 1, of what stands in the text: from `metadata.start_line`. */
  start_line: number | null;
  /** Last line, included. */
  end_line: number | null;
  /** What it adds to the text, heading included. */
  tokens: number;
  /** Its end was cut off to fit: only ever the best hit. */
  truncated: boolean;
}
/** Result of `buildContext`. */
export interface Context {
  /** The chunks with their headings; empty when nothing was found, or nothing fits. */
  text: string;
  /** As `countTokens(text)`; 0 for an empty text. */
  tokens: number;
  /** In the order of the text. */
  chunk_ids: ChunkId[];
  /** In the order of the text. */
  chunks: ContextChunk[];
}

/** The members of {@link ListOptions}; camelCase is taken as well. */
export interface ListOptionsMembers extends SignalOptions {
  /** Only chunks that match. */
  filter?: SearchFilter;
  /** `stored` (oldest first) when absent, by `id`, or latest `updated` first. */
  order?: 'stored' | 'id' | 'updated';
  /** At most this many. */
  limit?: number;
  /** Start behind the chunk with this id. */
  after?: ChunkId;
}
/** Options of `listChunks`. */
export type ListOptions = EitherCase<ListOptionsMembers>;
/** The members of {@link LearnOptions}; camelCase is taken as well. */
export interface LearnOptionsMembers extends CallOptions {
  /** Folder of spike files; `spike_templates_path` of the configuration when absent. */
  path?: string;
  /** Store generated templates as well: false. */
  include_generated?: boolean;
  /** Templates of a lower quality, 0 to 1, give no patterns: 0.7 (`docs/quality.md`). */
  quality_threshold?: number;
  /** Do not store templates below the threshold: false. Generated ones that are asked for are not judged by it. */
  skip_low_quality?: boolean;
  /** Draw patterns and combinations of frameworks from what is learned: true. */
  patterns?: boolean;
  /** Leave out files whose content is already stored: true. */
  incremental?: boolean;
  /** Templates per step, 1 to 1,000: 32. */
  batch_size?: number;
  /** Read files on several threads: true. The result is the same either way. */
  parallel_processing?: boolean;
  /** When vectors are computed: `sync`. */
  embed?: 'sync' | 'background';
  /** Namespace of the chunks: `default`. */
  namespace?: string;
}
/** Options of `learnFromSpikes`. */
export type LearnOptions = EitherCase<LearnOptionsMembers>;

/** Figures of a cache. */
export interface CacheStats {
  /** What it holds. */
  bytes: number;
  /** What it may hold. */
  limit_bytes: number;
  /** Things in it. */
  entries: number;
  /** Reads it answered. */
  hits: number;
  /** Reads it did not. */
  misses: number;
  /** hits / (hits + misses), 0 before the first read. */
  hit_rate: number;
}
/** Result of `getStats`. */
export interface EngineStats {
  /** Chunks that can be found. */
  chunks: number;
  /** Versions kept, older ones included. */
  versions: number;
  /** Chunks whose vector is still to be computed. */
  pending: number;
  /** Chunks with a vector. */
  vectors: number;
  /** Rows the text index has still to take in. */
  unindexed: number;
  /** Metadata and content of the live chunks before compression. */
  raw_bytes: number;
  /** All files of the store. */
  disk_bytes: number;
  /** Part of disk_bytes: vectors of live chunks (f32, not compressed). */
  vector_bytes: number;
  /** Of searches by vector. */
  vector_index: {
    /** Vectors that are scanned, in no graph yet. */
    scanned: number;
    /** Graphs searched. */
    graphs: number;
    /** Vectors of live chunks in graphs. */
    graph_vectors: number;
    /** Bytes of the graph files (mapped, not heap). */
    graph_bytes: number;
    /** Graphs built since the open. */
    built: number;
    /** The graph being built, in units of work; `null` when none is. */
    building: {
      /** Units finished. */
      done: number;
      /** Units in all. */
      total: number;
    } | null;
  };
  /** Part of disk_bytes: the reserve for a full disk, 1 MiB whatever the store's size. */
  reserve_bytes: number;
  /** disk_bytes / raw_bytes, 0 for an empty store. */
  disk_ratio: number;
  /** Files of the log. */
  segments: number;
  /** Share of log bytes that live chunks hold. */
  live_share: number;
  /** 0 before a dictionary is trained. */
  dictionary_id: number;
  /** Of decompressed chunks. */
  cache: CacheStats;
  /** The embedding model. */
  model: {
    /** Name and file hash; `null` before the first vector. */
    id: string | null;
    /** Of its vectors; `null` before the first one. */
    dimensions: number | null;
    /** Can this engine embed text? */
    enabled: boolean;
    /** Live chunks longer than the model reads. */
    truncated: number;
    /** Of embeddings. */
    cache: CacheStats;
  };
  /** Resident memory of the whole process. */
  process_rss_bytes: number;
  /** Estimate of what the indexes hold. */
  index_bytes: number;
  /** Calls waiting or running. */
  calls: number;
  /** Worker threads. */
  threads: number;
  /** Bytes the open had to cut from a torn tail. */
  recovered_tail_bytes: number;
}
/** One part of the engine. */
export interface ComponentHealth {
  /** How it is. */
  status: 'ok' | 'degraded' | 'failed';
  /** What is wrong; `null` when nothing is. */
  detail: string | null;
}
/** Result of `health`; `status` is the worst of the parts. */
export interface SystemHealth {
  /** The worst of the parts. */
  status: 'ok' | 'degraded' | 'failed';
  /** The log. */
  storage: ComponentHealth;
  /** The indexes. */
  index: ComponentHealth;
  /** The model. */
  embedder: ComponentHealth;
}
/** Result of `verify`. */
export interface VerifyReport {
  /** Nothing is damaged. */
  ok: boolean;
  /** Records read. */
  records: number;
  /** Bytes read. */
  bytes: number;
  /** Damaged places, at most 1,000. */
  damaged: {
    /** Which file. */
    file: string;
    /** Where in it. */
    offset: number;
    /** What does not fit. */
    what: string;
  }[];
}
/** Result of `optimize`. */
export interface OptimizeReport {
  /** Files of the log rewritten. */
  segments_rewritten: number;
  /** All files of the store before. */
  bytes_before: number;
  /** All files of the store after. */
  bytes_after: number;
  /** Older versions and tombstones left out. */
  versions_dropped: number;
  /** Vectors in the graph that was built; 0 when there was nothing to gain. */
  vectors_indexed: number;
}
/** Result of `learnFromSpikes`. */
export interface LearningReport {
  /** Spike files in the folder. */
  found: number;
  /** Stored for the first time. */
  stored: number;
  /** Stored again because the content changed. */
  updated: number;
  /** Left alone because the content is stored. */
  unchanged: number;
  /** Chunks deleted because their file is gone. */
  removed: number;
  /** Boilerplate left out, told by its tag or its text. */
  skipped_generated: number;
  /** Templates below the quality threshold, left out (`skip_low_quality`). */
  skipped_low_quality: number;
  /** Readable templates, boilerplate aside, whose files are to the byte those of another one. */
  duplicates: number;
  /** Scores of the folder's templates, boilerplate aside. */
  quality: {
    /** Least quality that patterns are drawn from. */
    threshold: number;
    /** Templates scored. */
    scored: number;
    /** Their mean score, 0 when there is none. */
    mean: number;
    /** How many score 0 to below .1, .1 to below .2, ..., .9 to 1. */
    histogram: number[];
  };
  /** One pattern of each family of three or more templates at or above the threshold that are nearly alike, by id: `storeChunks` takes them as they are. */
  patterns: Pattern[];
  /** Frameworks that occur together in three or more templates at or above the threshold, pairs first, most support first. */
  combinations: FrameworkCombination[];
  /** Files read after a repair (of the reading; the file stays as it is). */
  repaired: {
    /** Which file. */
    file: string;
    /** What was mended. */
    repair: string;
  }[];
  /** Files left out, and why. */
  invalid: {
    /** Which file. */
    file: string;
    /** Where in it, in bytes, when that is known. */
    offset?: number;
    /** Why it was left out. */
    reason: string;
  }[];
  /** How long it took. */
  duration_ms: number;
}

/** A reusable pattern of templates that are nearly alike; a chunk that can be stored as it is. */
export interface Pattern {
  /** `pattern:` and the hash of its structure: the same structure has the same id, in any run. */
  id: ChunkId;
  /** Title, frameworks, and the text with placeholders `{{ value_n }}`. */
  content: string;
  /** What all members use. */
  frameworks: string[];
  /** Tags of all members. */
  tags: string[];
  /** The best member's. */
  quality_score: number;
  /** Always `pattern`. */
  chunk_type: ChunkType;
  /** Always `procedural`. */
  memory_type: MemoryType;
  /** The members' language, when it is known. */
  language: string | null;
  /** Where it comes from and what varies. */
  metadata: {
    /** Ids of the chunks it was drawn from, at most 200. */
    members: ChunkId[];
    /** How many there are. */
    member_count: number;
    /** The placeholders. */
    params: {
      /** Between the braces. */
      name: string;
      /** Its value in the first member. */
      default: string;
      /** Values in others, at most five. */
      examples: string[];
    }[];
  };
}
/** Frameworks that were found together. */
export interface FrameworkCombination {
  /** Two to four names, sorted. */
  frameworks: string[];
  /** Chunks that use all of them. */
  support: number;
  /** Their share of all chunks that use any framework. */
  share: number;
  /** The largest share of those that use all but one that also use the last. */
  confidence: number;
  /** How many times more often than by chance. */
  lift: number;
  /** Ids of chunks that use all of them, at most five. */
  evidence: ChunkId[];
}
/** What goes with given frameworks. */
export interface FrameworkRelationship {
  /** Those of the given ones this rests on: all of them where they occur together, else one. */
  given: string[];
  /** What goes with them. */
  framework: string;
  /** Chunks that use the given ones and it. */
  support: number;
  /** Share of the chunks with the given ones that also use it. */
  confidence: number;
  /** How many times more often than by chance. */
  lift: number;
  /** Ids of such chunks, at most five. */
  evidence: ChunkId[];
}
/** The members of {@link RelationOptions}; camelCase is taken as well. */
export interface RelationOptionsMembers extends SignalOptions {
  /** Most answers, 1 to 1,000: 10. */
  limit?: number;
  /** Whose chunks: `default`. */
  namespace?: string;
}
/** Options of `suggestFrameworks` and `getIntegrationPatterns`. */
export type RelationOptions = EitherCase<RelationOptionsMembers>;
/** A template with its placeholders filled in. */
export interface RenderedSpike {
  /** Id of the chunk. */
  id: ChunkId;
  /** The files, in the template's order. Paths are relative with `/` and never lead out of the folder they are written to. */
  files: {
    /** Where it goes. */
    path: string;
    /** Its text. */
    content: string;
  }[];
  /** The value of every declared parameter that has one. */
  params: Record<string, string>;
}
/** The members of {@link FileLearnOptions}; camelCase is taken as well. */
export interface FileLearnOptionsMembers extends CallOptions {
  /** Namespace of the chunks: `default`. */
  namespace?: string;
  /** Leave out files whose content is already stored: true. */
  incremental?: boolean;
  /** Leave out what `.gitignore` and `.ignore` files name: true. */
  gitignore?: boolean;
  /** Largest file in bytes, 1 to 16 MiB: 1 MiB. Larger ones are reported and left out. */
  max_file_bytes?: number;
  /** Most tokens of a chunk, about (a quarter of its bytes), 16 to 8,192: 200. */
  max_tokens?: number;
  /** Read and cut files on several threads: true. The result is the same either way. */
  parallel_processing?: boolean;
  /** When vectors are computed: `sync`. */
  embed?: 'sync' | 'background';
}
/** Options of `learnFromFiles`. */
export type FileLearnOptions = EitherCase<FileLearnOptionsMembers>;
/** Result of `learnFromFiles`. */
export interface FilesReport {
  /** Files of a kind that is learned. */
  found: number;
  /** Files learned for the first time. */
  stored: number;
  /** Files learned again because they changed. */
  updated: number;
  /** Files that only have another name: their chunks keep ids and history. */
  renamed: number;
  /** Files left alone because their content is stored. */
  unchanged: number;
  /** Files that are gone, with their chunks. */
  removed: number;
  /** Files of other kinds, left out. */
  other: number;
  /** Chunks written. */
  chunks_stored: number;
  /** Chunks deleted. */
  chunks_removed: number;
  /** Entries left out, and why. */
  invalid: {
    /** Which entry. */
    file: string;
    /** Where in it, in bytes, when that is known. */
    offset?: number;
    /** Why it was left out. */
    reason: string;
  }[];
  /** How long it took. */
  duration_ms: number;
}

/** The members of {@link Feedback}; camelCase is taken as well. */
export interface FeedbackMembers {
  /** The chunk; it must exist. */
  chunk_id: ChunkId;
  /** Namespace of the chunk: `default`. */
  namespace?: string;
  /** The query that found it. Without one the feedback counts for the chunk alone and trains no preference between chunks. */
  query?: string;
  /**
   * `rating`: see `rating`. `success`, `failure`: it did the job, or not. `correction`: it was wrong, `correction` is how it should read.
   * `usage`: it was taken (opened, pasted, cited), nothing more is known.
   */
  kind: 'rating' | 'success' | 'failure' | 'correction' | 'usage';
  /** 0 (useless) to 1 (perfect); with kind `rating` alone. */
  rating?: number;
  /** The whole text as it should be; with kind `correction` alone. */
  correction?: string;
  /** Field of work whose ranking this trains, 1 to 128 bytes: `general`. */
  domain?: string;
  /** A remark that is kept with it: at most 4 KiB. */
  comment?: string;
}
/** What was said about a chunk. */
export type Feedback = EitherCase<FeedbackMembers>;
/** The members of {@link TrainingExample}; camelCase is taken as well. */
export interface TrainingExampleMembers {
  /** What was asked. */
  query: string;
  /** The better chunk. */
  preferred: ChunkId;
  /** The worse chunk. */
  rejected: ChunkId;
  /** Namespace of both: `default`. */
  namespace?: string;
  /** As in {@link Feedback}. */
  domain?: string;
}
/** A pair to train on: for `query`, `preferred` is better than `rejected`. */
export type TrainingExample = EitherCase<TrainingExampleMembers>;
/** The members of {@link TrainOptions}; camelCase is taken as well. */
export interface TrainOptionsMembers extends CallOptions {
  /** How strongly what other domains learned is protected (elastic weight consolidation), 0 (not at all) to 1,000: 10. */
  protection?: number;
  /** Train domains without new feedback as well: false. */
  all?: boolean;
}
/** Options of `trainIncremental`. */
export type TrainOptions = EitherCase<TrainOptionsMembers>;
/** Training of one domain. Accuracies are shares of held-out pairs in the right order; a tie counts half. */
export interface DomainTraining {
  /** The domain. */
  domain: string;
  /** Queries that gave pairs to fit. */
  queries: number;
  /** Pairs fitted. */
  pairs: number;
  /** Queries held out. */
  held_out_queries: number;
  /** Their pairs. */
  held_out_pairs: number;
  /** By the weights so far; `null` when there is too little to measure. */
  accuracy_before: number | null;
  /** By the fitted weights. */
  accuracy_after: number | null;
  /** Are the fitted weights in use now? */
  applied: boolean;
  /** Why not. */
  reason: string | null;
  /** What became of the domains trained earlier, by the shared weights. */
  retained: {
    /** The other domain. */
    domain: string;
    /** Before this training. */
    accuracy_before: number;
    /** Behind it. */
    accuracy_after: number;
  }[];
}
/** Result of `trainIncremental`. */
export interface TrainingResult {
  /** Events in the store. */
  events: number;
  /** Held-out pairs of the domains trained now. */
  held_out_pairs: number;
  /** Over all of them; `null` when there are none. */
  accuracy_before: number | null;
  /** Over all of them, by the weights in use now. */
  accuracy_after: number | null;
  /** Is anything new in use? */
  applied: boolean;
  /** Judged chunks that are gone, or not among the best hundred for their query: they gave no pair. */
  not_found: number;
  /** The domains trained, in order of name. */
  domains: DomainTraining[];
  /** How long it took. */
  duration_ms: number;
}

/** The members of {@link ChunkTextOptions}; camelCase is taken as well. */
export interface ChunkTextOptionsMembers extends SignalOptions {
  /** Most tokens of a piece, as `countTokens` counts: 16 to 8192; 200. */
  max_tokens?: number;
  /** Most tokens of the end of a piece repeated at the start of the next: 0 to half of `max_tokens`; 0. */
  overlap_tokens?: number;
  /** `typescript`, `tsx`, `javascript`, `python`, `rust`, `go`, `java`, `php`, `csharp`, `ruby`, `markdown`, `text`, or `code` for any other. Told by `path`, then by the look of the text, when absent. */
  language?: string;
  /** Path or name of the file, for its extension. */
  path?: string;
}
/** Options of `chunkText`. */
export type ChunkTextOptions = EitherCase<ChunkTextOptionsMembers>;
/** Something a piece defines. */
export interface TextSymbol {
  /** Its name. */
  name: string;
  /** What it is. */
  kind: 'function' | 'class' | 'method' | 'interface' | 'type' | 'enum' | 'struct' | 'trait' | 'module' | 'constant';
}
/** A piece of a text: `content === text.slice(start, end)`. */
export interface TextChunk {
  /** The piece. */
  content: string;
  /** Where it starts, in UTF-16 units. */
  start: number;
  /** Where it ends, not included. */
  end: number;
  /** First line, from 1. */
  start_line: number;
  /** Last line, included. */
  end_line: number;
  /** As `countTokens(content)`. */
  tokens: number;
  /** What it was cut as. */
  kind: 'code' | 'markdown' | 'prose';
  /** What has its name in the piece, in order. */
  symbols: TextSymbol[];
  /** Names of what the start of the piece lies in, outermost first; the innermost 16. */
  scope: string[];
  /** Headings the start of the piece lies under, outermost first. */
  headings: string[];
}
