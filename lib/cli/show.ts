import type { Chunk, SearchHit } from '../facade/types/index.js';
import type { Output } from './output.js';
import { line, name, snippet } from './text.js';

/** Where a chunk came from: its source, or the path in its metadata. */
export function pathOf({ source, metadata }: Chunk): string | null {
  const path = source ?? metadata['path'];
  if (typeof path !== 'string' || path === '') return null;
  const { start_line, end_line } = metadata;
  if (typeof start_line !== 'number') return path;
  return typeof end_line === 'number' ? `${path}:${start_line}-${end_line}` : `${path}:${start_line}`;
}

/** Hits for a reader: rank, score, id, labels, path and the lines that fit the query. */
export async function showHits(out: Output, hits: readonly SearchHit[], query: string): Promise<void> {
  const narrow = out.width - 6;
  for (const [i, hit] of hits.entries()) {
    const labels = [hit.chunk_type, ...hit.frameworks.slice(0, 4)];
    if (hit.namespace !== 'default') labels.push(`in ${hit.namespace}`);
    if (hit.pending) labels.push('vector pending');
    const head = `${String(i + 1).padStart(3)}. ${out.paint('green', hit.score.toFixed(3))}  ${out.paint('bold', name(hit.id))}`;
    await out.line(`${head}  ${out.paint('dim', line(labels.join(', '), narrow))}`);
    const path = pathOf(hit);
    if (path !== null) await out.line(`      ${out.paint('cyan', line(path, narrow))}`);
    for (const text of snippet(hit.content, query, narrow)) await out.line(`      ${text}`);
    if (hit.explain) {
      const parts = Object.entries(hit.explain).map(([name, value]) => `${name} ${Number(value.toFixed(4))}`);
      await out.line(`      ${out.paint('yellow', `= ${parts.join(', ')}`)}`);
    }
  }
}

/** One line per chunk. */
export function chunkLine(out: Output, chunk: Chunk): string {
  const head = `${chunk.updated_at.slice(0, 19)}  q ${chunk.quality_score.toFixed(2)}  ${chunk.chunk_type.padEnd(15)}`;
  const id = chunk.namespace === 'default' ? name(chunk.id) : `${name(chunk.namespace)}/${name(chunk.id)}`;
  const room = Math.max(out.width - head.length - id.length - 4, 20);
  return `${out.paint('dim', head)}  ${out.paint('bold', id)}  ${line(chunk.content.slice(0, 400), room)}`;
}
