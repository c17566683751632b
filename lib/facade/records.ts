import { inputError } from './errors.js';
import type { Chunk, ChunkField, ChunkVersion, RankedDocument, SearchHit } from './types/index.js';

/** A record as the native part gives it: the id, then the fields in the order of FIELDS; holes are fields not asked for. */
export type Tuple = unknown[];

/** The order of src/records.rs. */
const FIELDS: readonly ChunkField[] = [
  'content', 'frameworks', 'tags', 'quality_score', 'chunk_type', 'memory_type', 'language', 'source', 'namespace',
  'metadata', 'pinned', 'created_at', 'updated_at', 'accessed_at', 'expires_at', 'usage_count', 'version', 'content_hash',
];
const WIDTH = FIELDS.length + 1;

function metadata(json: unknown): Record<string, unknown> {
  return json === undefined ? {} : (JSON.parse(json as string) as Record<string, unknown>);
}

/** One literal per kind of object: V8 gives all of them one shape. */
export function toChunk(t: Tuple): Chunk {
  return {
    id: t[0], content: t[1], frameworks: t[2], tags: t[3], quality_score: t[4], chunk_type: t[5], memory_type: t[6],
    language: t[7], source: t[8], namespace: t[9], metadata: metadata(t[10]), pinned: t[11], created_at: t[12],
    updated_at: t[13], accessed_at: t[14], expires_at: t[15], usage_count: t[16], version: t[17], content_hash: t[18],
  } as Chunk;
}

/** An older version has no reads of its own. */
export function toVersion(t: Tuple): ChunkVersion {
  const { usage_count, accessed_at, ...version } = toChunk(t);
  return version;
}

/** Hits with all fields, with some, or (flat: id, score, id, score) with none. */
export function toHits(list: unknown[], fields: readonly string[] | undefined): SearchHit[] {
  if (typeof list[0] === 'string') {
    const hits = new Array<unknown>(list.length / 2);
    for (let i = 0, j = 0; j < list.length; i++, j += 2) hits[i] = { id: list[j], score: list[j + 1] };
    return hits as SearchHit[];
  }
  const places = fields?.map((f) => FIELDS.indexOf(f as ChunkField) + 1);
  return (list as Tuple[]).map((t) => {
    const hit = (places ? some(t, places) : toChunk(t)) as SearchHit;
    hit.score = t[WIDTH] as number;
    hit.similarity = t[WIDTH + 1] as number | null;
    hit.lexical_score = t[WIDTH + 2] as number | null;
    hit.pending = t[WIDTH + 3] as boolean;
    hit.truncated = t[WIDTH + 4] as boolean;
    if (t[WIDTH + 5] !== undefined) hit.explain = JSON.parse(t[WIDTH + 5] as string) as Record<string, number>;
    return hit;
  });
}

/** Flat: index, score, text. */
export function toRanked(list: unknown[]): RankedDocument[] {
  const ranked = new Array<RankedDocument>(list.length / 3);
  for (let i = 0, j = 0; j < list.length; i++, j += 3) {
    ranked[i] = { document_index: list[j] as number, document_content: list[j + 2] as string, similarity_score: list[j + 1] as number };
  }
  return ranked;
}

function some(t: Tuple, places: readonly number[]): Record<string, unknown> {
  const out: Record<string, unknown> = { id: t[0] };
  for (const i of places) {
    const name = FIELDS[i - 1];
    if (name !== undefined) out[name] = name === 'metadata' ? metadata(t[i]) : t[i];
  }
  return out;
}

/** The fields asked for; whether they exist is the native part's to judge. */
export function fieldsOf(options: unknown): readonly string[] | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  try {
    const { fields } = options as { fields?: unknown };
    return Array.isArray(fields) ? (fields as string[]) : undefined;
  } catch (e) {
    throw inputError('options: fields', e);
  }
}
