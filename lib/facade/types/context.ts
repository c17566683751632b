import type { SignalOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { ChunkId } from './chunk.js';
import type { SearchFilter } from './filter.js';

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
