import { z } from 'zod';

import type { Chunk, ChunkType, SearchFilter } from '../../index.js';
import { printable } from '../text.js';

const CHUNK_TYPES = [
  'spike_template', 'pattern', 'api_integration', 'component', 'application', 'configuration', 'best_practice', 'error_solution',
  'performance', 'security', 'testing', 'documentation', 'conversation', 'thought',
] as const satisfies readonly ChunkType[];

/** One of some words. The message does not repeat what was given instead. */
export function oneOf<const U extends string>(words: readonly [U, ...U[]]): z.ZodEnum<[U, ...U[]]> {
  return z.enum(words as [U, ...U[]], { errorMap: () => ({ message: `expected one of ${words.join(', ')}` }) });
}

/** What a chunk is. */
export const chunkType = oneOf(CHUNK_TYPES);
/** How a search looks. */
export const searchMode = oneOf(['hybrid', 'vector', 'lexical']);
/** Id of a chunk. */
export const chunkId = z.string().min(1).describe('Id of the memory, 1 to 1,024 bytes');
/** Namespace of one chunk. */
export const namespace = z.string().min(1).default('default').describe('Namespace of the memory; "default" when absent');

/** Conditions on what is found, flat for the model's sake. */
export const conditions = {
  namespace: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(64)]).optional().describe('Only these namespaces; all when absent'),
  frameworks: z.array(z.string()).max(64).optional().describe('Only memories of at least one of these frameworks'),
  tags: z.array(z.string()).max(64).optional().describe('Only memories with at least one of these tags'),
  chunk_type: z.array(chunkType).min(1).optional().describe('Only memories of these types'),
  language: z.array(z.string()).min(1).max(64).optional().describe('Only memories in these programming or natural languages'),
  min_quality: z.number().min(0).max(1).optional().describe('Only memories of at least this quality'),
};

/** The filter that the conditions say. */
export function filterOf(args: z.output<z.ZodObject<typeof conditions>>): SearchFilter {
  const { frameworks, tags, ...rest } = args;
  const filter: Record<string, unknown> = {};
  for (const key of ['namespace', 'chunk_type', 'language', 'min_quality'] as const) if (rest[key] !== undefined) filter[key] = rest[key];
  if (frameworks?.length) filter.frameworks = { any: frameworks };
  if (tags?.length) filter.tags = { any: tags };
  return filter;
}

/** A chunk without its content, as tools tell it. */
export const chunkShape = {
  id: z.string(),
  namespace: z.string(),
  chunk_type: z.string(),
  frameworks: z.array(z.string()),
  tags: z.array(z.string()),
  language: z.string().nullable(),
  source: z.string().nullable(),
  updated_at: z.string().describe('ISO time'),
};

/** The fields of {@link chunkShape} of a chunk, printable. */
export function described(chunk: Pick<Chunk, keyof typeof chunkShape>): z.output<z.ZodObject<typeof chunkShape>> {
  const text = (value: string | null): string | null => (value === null ? null : printable(value));
  return {
    id: printable(chunk.id), namespace: printable(chunk.namespace), chunk_type: chunk.chunk_type, frameworks: chunk.frameworks.map(printable),
    tags: chunk.tags.map(printable), language: text(chunk.language), source: text(chunk.source), updated_at: chunk.updated_at,
  };
}

/** Bound on the output of a call. */
export function tokens(usual: number, most: number): z.ZodDefault<z.ZodNumber> {
  const bound = z.number().int().min(256).max(most).default(Math.min(usual, most));
  return bound.describe('Most tokens of the whole output, by the tokenizer of the embedding model');
}
