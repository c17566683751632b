import type { EitherCase } from './case.js';

/** Id of a chunk: 1 to 1,024 bytes of well-formed text, unique in its namespace. */
export type ChunkId = string;
/** What a chunk is. */
export type ChunkType =
  | 'spike_template' | 'pattern' | 'api_integration' | 'component' | 'application' | 'configuration' | 'best_practice'
  | 'error_solution' | 'performance' | 'security' | 'testing' | 'documentation' | 'conversation' | 'thought';
/** How long a chunk is meant to matter. */
export type MemoryType = 'long_term' | 'short_term' | 'episodic' | 'semantic' | 'procedural';
/** The members of {@link ChunkInput}; camelCase is taken as well. */
export interface ChunkInputMembers {
  /** A UUIDv7 when absent. */
  id?: ChunkId;
  /** Text, or bytes that need not be text; at most `max_chunk_size` (1 MiB), or 16 MiB of text with `auto_split`. */
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
  /** 1 to 1,024 bytes of well-formed text without NUL; `default` when absent. */
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
