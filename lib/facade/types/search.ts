import type { DamageOptions, IdOptions, SignalOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { Chunk, ChunkField, ChunkId } from './chunk.js';
import type { SearchFilter } from './filter.js';

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
/** The members of {@link ListOptions}; camelCase is taken as well. */
export interface ListOptionsMembers extends SignalOptions, DamageOptions {
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
