// hnswlib-node, an index without a store; one thread throughout. It takes plain arrays alone, made before the clock starts.
import { join } from 'node:path';
import { peer } from '../engines/peer.mjs';

export const name = 'hnswlib-node';
export const variants = { hnswlib: 'f32' };
export const settings = () => 'space ip, M 16, efConstruction 200, as `npm install` compiles it; addPoint, writeIndexSync; readIndexSync; searchKnn(array, 10), with the filter as a callback';

const index = (dims) => new (peer('hnswlib-node').HierarchicalNSW)('ip', dims);
const file = (folder) => join(folder, 'index.hnsw');

export async function build({ folder, n, dims, slices }) {
  const made = index(dims);
  made.initIndex(n, 16, 200, 100);
  for (const [vectors, first] of slices) {
    for (let i = 0; i * dims < vectors.length; i++) made.addPoint(Array.from(vectors.subarray(i * dims, (i + 1) * dims)), first + i);
  }
  made.writeIndexSync(file(folder));
}

export async function open({ folder, n, dims, tag, efs, k }) {
  const opened = index(dims);
  opened.readIndexSync(file(folder));
  const tags = Uint8Array.from({ length: n }, (_, i) => tag(i));
  return {
    sync: true,
    knobs: efs.map((ef) => ({ label: `ef ${ef}`, ef })),
    prepare: (query) => Array.from(query),
    use: ({ ef }) => opened.setEf(ef),
    search: (query) => opened.searchKnn(query, k),
    filtered: (query, t) => opened.searchKnn(query, k, (label) => tags[label] === t),
    ids: (found) => found.neighbors,
    close() {},
  };
}
