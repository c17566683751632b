import type { SignalOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { ChunkId, ChunkType, MemoryType } from './chunk.js';

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
