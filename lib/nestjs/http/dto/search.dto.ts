import type { ChunkField, ChunkType } from '../../../index.js';
import { flag, json, number, object, text, texts, vector } from './fields.js';
import { CHUNK_TYPES } from './store.dto.js';

const MODES = ['hybrid', 'vector', 'lexical'] as const;
const FIELDS = [
  'content', 'frameworks', 'tags', 'quality_score', 'chunk_type', 'memory_type', 'language', 'source', 'namespace', 'metadata', 'pinned', 'created_at',
  'updated_at', 'accessed_at', 'expires_at', 'usage_count', 'version', 'content_hash',
] as const satisfies readonly ChunkField[];

/** Any, all, none of these. */
export class FluoriteSetFilter {
  @texts({ most: 1000, description: 'At least one of these.' })
  any?: string[];

  @texts({ most: 1000, description: 'All of these.' })
  all?: string[];

  @texts({ most: 1000, description: 'None of these.' })
  none?: string[];
}

/** Which chunks count; all conditions must hold. */
export class FluoriteFilter {
  @text({ description: 'All namespaces when absent.' })
  namespace?: string;

  @object({ type: () => FluoriteSetFilter, description: 'By framework.' })
  frameworks?: FluoriteSetFilter;

  @object({ type: () => FluoriteSetFilter, description: 'By tag.' })
  tags?: FluoriteSetFilter;

  @texts({ most: 100, values: CHUNK_TYPES, description: 'By kind.' })
  chunk_type?: ChunkType[];

  @texts({ most: 1000, description: 'By language.' })
  language?: string[];

  @texts({ most: 1000, description: 'By source.' })
  source?: string[];

  @number({ least: 0, most: 1, description: 'At least this quality.' })
  min_quality?: number;

  @text({ description: 'Created at or after: ISO 8601.' })
  created_after?: string;

  @text({ description: 'Created before: ISO 8601.' })
  created_before?: string;

  @json({ description: 'Top-level members of the metadata that must equal these scalars.' })
  metadata?: Record<string, string | number | boolean>;

  @flag({ description: 'false leaves out chunks tagged generated.' })
  include_generated?: boolean;
}

/** A search. */
export class FluoriteSearch {
  @text({ description: 'A text; either this or vector.' })
  query?: string;

  @vector({ description: 'A vector in place of a text.' })
  vector?: number[];

  @number({ whole: true, least: 1, most: 1000, description: '10 when absent.' })
  limit?: number;

  @number({ whole: true, least: 0, most: 1000, description: 'Hits to skip.' })
  offset?: number;

  @text({ values: MODES, description: 'hybrid when the model is on, else lexical; a vector always searches vectors.' })
  mode?: (typeof MODES)[number];

  @object({ type: () => FluoriteFilter, description: 'Which chunks count.' })
  filter?: FluoriteFilter;

  @number({ least: 0, most: 1, description: 'Leaves out hits below this score.' })
  min_score?: number;

  @flag({ description: 'Ranking signals beside both scores: true.' })
  rerank?: boolean;

  @flag({ description: 'Rank by what feedback taught: true.' })
  learned?: boolean;

  @text({ description: 'Rank by what feedback of this field of work taught.' })
  domain?: string;

  @number({ least: 0, most: 1, description: 'Variety: 1 is none. Off when absent.' })
  mmr_lambda?: number;

  @flag({ description: 'Adds the components of the score.' })
  explain?: boolean;

  @flag({ description: 'Scans all vectors in full precision.' })
  exact?: boolean;

  @number({ least: 0.5, most: 0.9999, description: 'Share of the true nearest to find: .98.' })
  recall_target?: number;

  @number({ whole: true, least: 1, most: 4096, description: 'Width of graph walks instead of recall_target.' })
  ef?: number;

  @number({ whole: true, least: 1, most: 1_000_000, description: 'Most tokens of the contents of all hits.' })
  budget_tokens?: number;

  @texts({ most: 18, values: FIELDS, description: 'Fields wanted; an empty list is id and score alone; all when absent.' })
  fields?: ChunkField[];
}

/** A context to build. */
export class FluoriteContextInput {
  @text({ description: 'A text; either this or vector.' })
  query?: string;

  @vector({ description: 'A vector in place of a text.' })
  vector?: number[];

  @number({ required: true, whole: true, least: 1, most: 1_000_000, description: 'Most tokens of the text.' })
  budget_tokens!: number;

  @object({ type: () => FluoriteFilter, description: 'Which chunks count.' })
  filter?: FluoriteFilter;

  @text({ values: ['markdown', 'plain'], description: 'markdown when absent.' })
  format?: 'markdown' | 'plain';

  @text({ values: ['stable', 'relevance'], description: 'stable when absent: the same chunks give the same bytes.' })
  order?: 'stable' | 'relevance';

  @text({ values: MODES, description: 'As in a search.' })
  mode?: (typeof MODES)[number];

  @number({ least: 0, most: 1, description: 'Leaves out chunks below this score.' })
  min_score?: number;

  @number({ least: 0, most: 1, description: 'Variety among the chunks. Off when absent.' })
  mmr_lambda?: number;
}
