import type { NativeBridge } from '../native.js';
import { cancellable, hooksOf, long } from './call.js';
import { fieldsOf, toHits, toRanked } from './records.js';
import type { RankedDocument, SearchHit, TextChunk } from './types/index.js';

/** The best hits of each query. */
export async function searchMany(native: NativeBridge, queries: unknown, options: unknown): Promise<SearchHit[][]> {
  const all = await cancellable(native, hooksOf(options), (call) => native.searchMany(queries, options, call.number));
  return all.map((found) => toHits(found, fieldsOf(options)));
}

/** The chunks most like a stored one. */
export async function findRelated(native: NativeBridge, id: unknown, options: unknown): Promise<SearchHit[]> {
  const found = await cancellable(native, hooksOf(options), (call) => native.findRelated(id, options, call.number));
  return toHits(found, fieldsOf(options));
}

/** Texts ranked by meaning. */
export async function rank(native: NativeBridge, query: unknown, documents: unknown, top_k: unknown, options: unknown): Promise<RankedDocument[]> {
  const work = (call: { number: number }): unknown[] | Promise<unknown[]> => native.semanticSearch(query, documents, top_k, options, call.number);
  return toRanked(await cancellable(native, hooksOf(options), work));
}

/** The pieces of a text. */
export async function cut(native: NativeBridge, text: string, options: unknown): Promise<TextChunk[]> {
  const cuts = await long<Omit<TextChunk, 'content'>[]>(native, options, (call) => native.chunkText(text, options, call.number));
  return cuts.map((piece) => ({ content: text.slice(piece.start, piece.end), ...piece }));
}
