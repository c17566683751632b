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
  /** Of searches by words. */
  text_index: {
    /** Chunks in memory, in no segment yet. */
    in_memory: number;
    /** Segments searched. */
    segments: number;
    /** Live chunks in segments. */
    segment_chunks: number;
    /** Bytes of the segment files (mapped, not heap). */
    segment_bytes: number;
    /** Segments built since the open. */
    built: number;
    /** The segment being built, in chunks; `null` when none is. */
    building: {
      /** Chunks finished. */
      done: number;
      /** Chunks in all. */
      total: number;
    } | null;
  };
  /** Part of disk_bytes: the reserve for a full disk, 1 MiB whatever the store's size. */
  reserve_bytes: number;
  /** Is the store encrypted? */
  encrypted: boolean;
  /** Is something still sealed with the data key from before the last `rotateKey`? The next open, or `optimize`, goes on with it. */
  key_rotation_pending: boolean;
  /** Versions and files that still hold something of purged or expired chunks; 0: nothing of them is left on disk. */
  purge_pending: number;
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
  /** Domains whose feedback was trained, in order of name: a search that names another one ranks by what all of them taught. */
  domains: string[];
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
  /** How a `read_only` bridge keeps up with the writer; `null` for one that writes. */
  follow: {
    /** Looks at what was written, by itself and by `refresh`. */
    looks: number;
    /** Looks that read the store anew: after a compaction, a dictionary, a new index file. */
    reloads: number;
    /** Since the last look that succeeded began: what was acknowledged before it is visible. */
    age_ms: number;
  } | null;
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
  /** The search history: `detail` says where it is, that it is off, or why it cannot be written. */
  history: ComponentHealth;
}
