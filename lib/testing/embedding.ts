import type { Embedder } from '../index.js';

/** A word counts as much as this many of its three-letter pieces. */
const WORD_WEIGHT = 2;

/**
 * A vector of a text, of unit length, that depends on the text alone: feature hashing of its words and their three-letter pieces
 * (Weinberger et al. 2009). Texts that share words or stems are near each other; it knows nothing of meaning. For tests: what
 * {@link hashEmbedder} embeds with, or pass it as `embedding` of a chunk and as the query of a search. One store takes vectors of one
 * length.
 *
 * @param text - any text; one without letters and digits has a vector too, always the same.
 * @param dimensions - length of the vector, 1 to 4,096: 384, as the bundled model's.
 */
export function hashEmbedding(text: string, dimensions = 384): Float32Array {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > 4096) throw new RangeError('dimensions must be a whole number from 1 to 4096');
  const vector = new Float32Array(dimensions);
  const add = (feature: string, weight: number): void => {
    const h = fnv1a(feature);
    const at = (h >>> 1) % dimensions;
    vector[at] = (vector[at] ?? 0) + (h & 1 ? weight : -weight);
  };
  for (const word of text.normalize('NFKC').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    add(word, WORD_WEIGHT);
    const padded = `^${word}$`;
    for (let i = 0; i + 3 <= padded.length; i++) add(padded.slice(i, i + 3), 1);
  }
  const length = Math.hypot(...vector);
  if (length === 0) vector[0] = 1; // the engine refuses a zero vector
  else for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] ?? 0) / length;
  return vector;
}

/**
 * An embedder for tests, as `ml.embedder` of a configuration: {@link hashEmbedding} of each text. It needs no model, and the same
 * text has the same vector on every machine.
 *
 * @param dimensions - length of the vectors, 1 to 4,096: 384, as the bundled model's.
 */
export function hashEmbedder(dimensions = 384): Embedder {
  return { model_id: `hash-${dimensions}`, dimensions, embed: (texts) => texts.map((text) => hashEmbedding(text, dimensions)) };
}

/** FNV-1a over UTF-16 code units, then mixed: the lowest bits of FNV-1a alone are poor. */
function fnv1a(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}
