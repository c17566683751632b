// The exact nearest neighbours, by comparing each query with each vector, in a worker thread per core; kept in benches/.cache.
// Products of f32 are added in f64. A vector as near as the last neighbour to 1e-6 is as good: such ties are kept beside.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { CACHE } from './embeddings.mjs';
import { K, QUERIES, slices, tag, vectors } from './vectors.mjs';

const KEPT = 2 * K, TIE = 1e-6;

/** Files of the truth for all vectors and for the one in a hundred that query j asks for (tag j % 100): K ids a query as i32. */
export async function truth({ base, queries, dims }, n, say) {
  const stem = join(CACHE, `${basename(base, '.f32')}-truth`);
  const files = { all: `${stem}.i32`, filtered: `${stem}-filtered.i32`, ties: `${stem}.json` };
  if (existsSync(files.ties)) return files;
  say(`${basename(base)}: exact neighbours of ${QUERIES} queries`);
  const parts = availableParallelism();
  const found = await Promise.all(Array.from({ length: parts }, (_, part) => inWorker({ base, queries, dims, n, part, parts })));
  const ties = {};
  for (const kind of ['all', 'filtered']) {
    const ids = new Int32Array(QUERIES * K).fill(-1);
    ties[kind] = {};
    for (let q = 0; q < QUERIES; q++) {
      const best = found.flatMap((f) => f[kind][q]).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
      ids.set(best.slice(0, K).map(([, id]) => id), q * K);
      const more = best.slice(K).filter(([s]) => s >= best[K - 1][0] - TIE).map(([, id]) => id);
      if (more.length > 0) ties[kind][q] = more;
    }
    writeFileSync(files[kind], ids);
  }
  writeFileSync(files.ties, JSON.stringify(ties));
  return files;
}

/** For each query the set of ids that count as found. */
export function wanted(files, kind) {
  const bytes = readFileSync(files[kind]);
  const ids = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const ties = JSON.parse(readFileSync(files.ties, 'utf8'))[kind];
  return Array.from({ length: QUERIES }, (_, q) => new Set([...ids.subarray(q * K, (q + 1) * K).filter((id) => id >= 0), ...(ties[q] ?? [])]));
}

const inWorker = (data) =>
  new Promise((resolve, reject) => new Worker(new URL(import.meta.url), { workerData: data }).on('message', resolve).on('error', reject));

/** The best of every `parts`-th slice, for all queries. */
function scan({ base, queries, dims, n, part, parts }) {
  const asked = vectors(queries, QUERIES, dims);
  const all = Array.from({ length: QUERIES }, () => []), filtered = Array.from({ length: QUERIES }, () => []);
  let number = 0;
  for (const [block, first] of slices(base, n, dims, 500)) {
    if (number++ % parts !== part) continue;
    const count = block.length / dims;
    const tags = Array.from({ length: count }, (_, i) => tag(first + i));
    for (let q = 0; q < QUERIES; q++) {
      for (let i = 0; i < count; i++) {
        const s = dot(asked, q * dims, block, i * dims, dims);
        keep(all[q], s, first + i);
        if (tags[i] === q % 100) keep(filtered[q], s, first + i);
      }
    }
  }
  return { all, filtered };
}

function keep(best, score, id) {
  if (best.length === KEPT && score <= best[KEPT - 1][0]) return;
  if (best.length === KEPT) best.pop();
  let at = best.length;
  while (at > 0 && best[at - 1][0] < score) at--;
  best.splice(at, 0, [score, id]);
}

function dot(a, i, b, j, dims) {
  let s = 0, t = 0, u = 0, v = 0;
  for (let d = 0; d < dims; d += 4) {
    s += a[i + d] * b[j + d];
    t += a[i + d + 1] * b[j + d + 1];
    u += a[i + d + 2] * b[j + d + 2];
    v += a[i + d + 3] * b[j + d + 3];
  }
  return s + t + u + v;
}

if (!isMainThread && workerData?.base) parentPort.postMessage(scan(workerData));
