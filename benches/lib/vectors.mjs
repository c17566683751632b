// The data sets of the vector bench as files of f32, one vector after the other. Made once, kept in benches/.cache.
//   clustered: unit(c[k] + 1.2 g / sqrt(dims)): c are 1,000 random unit vectors, k is drawn at random for each vector,
//              g is standard normal. Vector i depends on the seed and i alone, so that a million need no memory.
//   minilm:    embeddings.mjs; a smaller n takes the first n.
import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { random } from '../generate.mjs';
import { CACHE, embeddings } from './embeddings.mjs';

export const QUERIES = 1_000;
export const K = 10;
export const DATA = { clustered, minilm };
const SLICE = 5_000;
const CENTRES = 1_000, NOISE = 1.2, DIMS = 384, SEED = 42;
/** Queries are of the same distribution; their numbers are none of the base. */
const HELD_OUT = 2 ** 30;

/** Vectors of a file, some thousand at a time: `(vectors, first)`, a Float32Array that may be used until the next one. */
export function* slices(file, n, dims, size = SLICE) {
  const handle = openSync(file);
  try {
    for (let at = 0; at < n; at += size) {
      const part = new Float32Array(Math.min(size, n - at) * dims);
      if (readSync(handle, part, 0, part.byteLength, at * dims * 4) !== part.byteLength) throw new Error(`${file} is too short`);
      yield [part, at];
    }
  } finally {
    closeSync(handle);
  }
}

/** All vectors of a file as one array. */
export const vectors = (file, n, dims) => slices(file, n, dims, n).next().value[0];

/** Which one in a hundred a vector belongs to: what the filter asks for. */
export const tag = (i) => random(SEED + 7, i).below(100);

/** The text stored with a vector where an engine stores text. */
export const content = (i) => `Chunk ${i} of the vector bench, tagged t${tag(i)}. The text has the length of a line or two, as a short note about a function has it; it is returned whole.`;

function write(file, n, make) {
  if (existsSync(file)) return file;
  mkdirSync(CACHE, { recursive: true });
  const out = openSync(`${file}.part`, 'w');
  for (let at = 0; at < n; at += SLICE) writeSync(out, make(at, Math.min(SLICE, n - at)));
  closeSync(out);
  renameSync(`${file}.part`, file);
  return file;
}

async function clustered(n, say) {
  const base = join(CACHE, `clustered-${n}.f32`), queries = join(CACHE, `clustered-queries.f32`);
  if (!existsSync(base)) say(`clustered: generating ${n} vectors`);
  const centres = Array.from({ length: CENTRES }, (_, k) => unit(normal(random(SEED, k))));
  const point = (i, into) => {
    const rnd = random(SEED + 1, i);
    const centre = rnd.pick(centres);
    const g = normal(rnd);
    for (let d = 0; d < DIMS; d++) g[d] = centre[d] + (NOISE * g[d]) / Math.sqrt(DIMS);
    into.set(unit(g));
  };
  const some = (first) => (at, count) => {
    const part = new Float32Array(count * DIMS);
    for (let i = 0; i < count; i++) point(first + at + i, part.subarray(i * DIMS, (i + 1) * DIMS));
    return part;
  };
  return { base: write(base, n, some(0)), queries: write(queries, QUERIES, some(HELD_OUT)), dims: DIMS };
}

async function minilm(n, say) {
  const all = await embeddings({ n: Math.max(n, 100_000), queries: QUERIES, say });
  const copy = (first) => (at, count) => {
    const handle = openSync(all.vectors);
    const part = new Float32Array(count * all.dims);
    readSync(handle, part, 0, part.byteLength, (first + at) * all.dims * 4);
    closeSync(handle);
    return part;
  };
  const base = write(join(CACHE, `minilm-${n}-base.f32`), n, copy(0));
  const queries = write(join(CACHE, `minilm-${all.n}-queries.f32`), QUERIES, copy(all.n));
  return { base, queries, dims: all.dims, texts: all.sources, tokens: all.tokens };
}

/** Standard normal numbers (Box-Muller). */
function normal(rnd) {
  const g = new Float64Array(DIMS);
  for (let d = 0; d < DIMS; d += 2) {
    const r = Math.sqrt(-2 * Math.log(1 - rnd())), a = 2 * Math.PI * rnd();
    g[d] = r * Math.cos(a);
    g[d + 1] = r * Math.sin(a);
  }
  return g;
}

function unit(v) {
  let sum = 0;
  for (let d = 0; d < v.length; d++) sum += v[d] * v[d];
  const scale = 1 / Math.sqrt(sum);
  for (let d = 0; d < v.length; d++) v[d] *= scale;
  return v;
}
