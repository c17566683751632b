import { randomUUID } from 'node:crypto';

import { FluoriteError } from '../facade/errors.js';
import type { ChunkInput, ChunkTextOptions, WriteOptions } from '../facade/types/index.js';
import type { FluoriteBridge } from '../index.js';
import type { Fields } from './fields.js';

/** Cuts a text and stores its pieces as `<id>#1`, `<id>#2`, ...; pieces of an earlier, longer version are deleted. Returns the ids. */
export async function storePieces(
  bridge: FluoriteBridge,
  id: string | undefined,
  input: string,
  content: Buffer,
  fields: Fields,
  cut: { max_tokens?: number; overlap_tokens?: number },
  write: WriteOptions,
): Promise<string[]> {
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (e) {
    throw new FluoriteError('INVALID_ARGUMENT', `${input} is not UTF-8, so it cannot be cut: store it without --chunk`, e);
  }
  const options: ChunkTextOptions = { ...cut, ...(input !== '-' && { path: input }), signal: write.signal };
  const pieces = await bridge.chunkText(text, options);
  const stem = id ?? randomUUID();
  const { metadata, ...others } = fields as { metadata?: Record<string, unknown>; source?: string };
  const chunks: ChunkInput[] = pieces.map((p, i) => ({
    ...others,
    id: `${stem}#${i + 1}`,
    content: p.content,
    metadata: {
      ...(others.source !== undefined && { path: others.source }), // goes before the content when the vector is made
      ...metadata,
      part: i + 1,
      parts: pieces.length,
      start_line: p.start_line,
      end_line: p.end_line,
      ...(p.symbols.length > 0 && { symbols: p.symbols }),
      ...(p.scope.length > 0 && { scope: p.scope }),
      ...(p.headings.length > 0 && { headings: p.headings }),
    },
  }));
  const { ids } = await bridge.storeChunks(chunks, { ...write, auto_split: false });
  const place = fields.namespace === undefined ? {} : { namespace: fields.namespace };
  if (id !== undefined) {
    for (let n = chunks.length + 1; await bridge.deleteChunk(`${stem}#${n}`, place); n++);
  }
  return ids as string[];
}
