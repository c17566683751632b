// What the routes answer, for OpenAPI alone: the values are the engine's own.
import { apiProperty } from '../openapi.js';

const shown = (type: unknown, description: string, more: object = {}): PropertyDecorator => apiProperty({ type, description, ...more } as Parameters<typeof apiProperty>[0]);

/** The id of what was stored. */
export class FluoriteStored {
  @shown(String, 'The id given, or the one that was made.')
  id!: string;
}

/** A stored chunk. */
export class FluoriteChunk {
  @shown(String, 'Unique in its namespace.')
  id!: string;
  @shown(String, 'The text.')
  content!: string;
  @shown([String], 'Frameworks it belongs to.')
  frameworks!: string[];
  @shown([String], 'Free labels.')
  tags!: string[];
  @shown(Number, '0 to 1.')
  quality_score!: number;
  @shown(String, 'What it is.')
  chunk_type!: string;
  @shown(String, 'How long it is meant to matter.')
  memory_type!: string;
  @shown(String, 'Programming or natural language.', { nullable: true })
  language!: string | null;
  @shown(String, 'Where it came from.', { nullable: true })
  source!: string | null;
  @shown(String, 'Its namespace.')
  namespace!: string;
  @shown('object', 'Any JSON object.', { additionalProperties: true })
  metadata!: Record<string, unknown>;
  @shown(Boolean, 'Never evicted by bounded memories.')
  pinned!: boolean;
  @shown(String, 'When its first version was stored.', { format: 'date-time' })
  created_at!: string;
  @shown(String, 'When this version was stored.', { format: 'date-time' })
  updated_at!: string;
  @shown(String, 'When it was last read.', { format: 'date-time' })
  accessed_at!: string;
  @shown(String, 'When it expires.', { format: 'date-time', nullable: true })
  expires_at!: string | null;
  @shown('integer', 'Reads so far.')
  usage_count!: number;
  @shown('integer', '1 for the first.')
  version!: number;
  @shown(String, 'XXH3-128 of the content.')
  content_hash!: string;
}

/** A hit: with `fields` only the fields asked for, with none of them id and score alone. */
export class FluoriteHit extends FluoriteChunk {
  @shown(Number, '0 to 1, higher is better.')
  score!: number;
  @shown(Number, 'Cosine, negative counted as 0.', { nullable: true })
  similarity!: number | null;
  @shown(Number, 'BM25 mapped to 0 to 1.', { nullable: true })
  lexical_score!: number | null;
  @shown(Boolean, 'Its vector is still to be computed.')
  pending!: boolean;
  @shown(Boolean, 'Its vector covers only the first tokens of the text.')
  truncated!: boolean;
  @shown('object', 'Parts of the score, by name; with `explain: true`.', { required: false, additionalProperties: { type: 'number' } })
  explain?: Record<string, number>;
}

/** The hits, best first. */
export class FluoriteHits {
  @shown(FluoriteHit, 'Best first.', { isArray: true })
  hits!: FluoriteHit[];
}

/** An error, `application/problem+json` (RFC 9457). */
export class FluoriteProblem {
  @shown(String, 'about:blank: code says which kind it is.')
  type!: string;
  @shown(String, 'The status in words.')
  title!: string;
  @shown('integer', 'The HTTP status.')
  status!: number;
  @shown(String, 'What happened and what to do.')
  detail!: string;
  @shown(String, 'The stable code of the failure.')
  code!: string;
  @shown('array', 'What was refused of a body.', {
    required: false,
    items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } },
  })
  errors?: { field: string; message: string }[];
}
