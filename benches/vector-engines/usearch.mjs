// usearch, an index without a store. The width of a search is a setting of an index object alone: each point of the sweep
// opens the file anew with its own `expansion_search`.
import { join } from 'node:path';
import { peer } from '../engines/peer.mjs';

export const name = 'usearch';
export const variants = { usearch: 'f32', 'usearch-i8': 'i8' };
export const settings = (kind) => `metric ip, quantization ${kind}, connectivity 16, expansion_add 200; slices added with all threads, save; load; search(vector, 10, 1 thread); batch: search(1,000 vectors, 10, all threads)`;

const index = (kind, dims, ef = 64) => new (peer('usearch').Index)({ dimensions: dims, metric: 'ip', quantization: kind, connectivity: 16, expansion_add: 200, expansion_search: ef, multi: false });
const file = (folder) => join(folder, 'index.usearch');

export async function build({ folder, dims, slices, variant }) {
  const made = index(variants[variant], dims);
  for (const [vectors, first] of slices) made.add(BigUint64Array.from({ length: vectors.length / dims }, (_, i) => BigInt(first + i)), vectors, 0);
  made.save(file(folder));
}

export async function open({ folder, dims, variant, efs, k }) {
  let now;
  return {
    sync: true,
    knobs: efs.map((ef) => ({ label: `ef ${ef}`, ef })),
    async use({ ef }) {
      now = undefined;
      globalThis.gc?.(); // one index in memory at a time
      await new Promise(setImmediate);
      now = index(variants[variant], dims, ef);
      now.load(file(folder));
    },
    search: (query) => now.search(query, k, 1),
    ids: (found) => Array.from(found.keys, Number),
    many(queries, flat) {
      const found = now.search(flat, k, 0);
      return queries.map((_, i) => found.get(i));
    },
    close() {},
  };
}
