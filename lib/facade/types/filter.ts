import type { EitherCase } from './case.js';
import type { ChunkType } from './chunk.js';

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
  /** Top-level members that must equal these scalars. `null` and `undefined` are refused: they would let everything through. */
  metadata?: Record<string, string | number | boolean>;
  /** `false` leaves out chunks tagged `generated`. */
  include_generated?: boolean;
}
/** Which chunks count. All given conditions must hold. */
export type SearchFilter = EitherCase<SearchFilterMembers>;
