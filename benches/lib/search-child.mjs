// One phase of one engine of the search bench, in a process of its own: search-child.mjs <job as JSON>
//   { phase: 'index' | 'build' | 'search', engine, folder, n, queries, dims, texts, vectors, held_out }; one line of JSON on stdout.
import { readFileSync, writeSync } from 'node:fs';
import { diskBytes, quantile, sorted } from './stats.mjs';
import { vectors } from './vectors.mjs';

const job = JSON.parse(process.argv[2]);
const engine = await import(`../text-engines/${job.engine}.mjs`);
const { texts } = JSON.parse(readFileSync(job.texts, 'utf8'));
const result = await { index, build, search }[job.phase]();
writeSync(1, `\n${JSON.stringify(result)}\n`);
process.exit(0);

/** Texts alone, until words are found: chunks a second. */
async function index() {
  const began = performance.now();
  const store = await engine.create(job.folder, null);
  await store.load(texts.slice(0, job.n), null);
  await store.lexical(query(0));
  const chunks_per_s = (job.n / (performance.now() - began)) * 1000;
  await store.close();
  return { chunks_per_s };
}

/** Texts and vectors, to a closed store. */
async function build() {
  const began = performance.now();
  const flat = vectors(job.vectors, job.n, job.dims);
  const store = await engine.create(job.folder, job.dims);
  await store.load(texts.slice(0, job.n), (i) => flat.subarray(i * job.dims, (i + 1) * job.dims));
  await store.finish?.();
  await store.close();
  return { build_s: (performance.now() - began) / 1000, disk_mb: diskBytes(job.folder) / 2 ** 20 };
}

/** One caller, one query after the other; every query is new to the engine where it must be embedded. */
async function search() {
  const store = await engine.open(job.folder, job.dims);
  const all = Array.from({ length: 3 * job.queries }, (_, q) => query(q));
  const [first, second, third] = [0, 1, 2].map((part) => all.slice(part * job.queries, (part + 1) * job.queries));
  for (const q of third) await store.lexical(q); // the compiler and the page cache
  const lexical = await times(first, store.lexical);
  if (!store.embed) {
    const flat = await known([...second, ...first]);
    for (let i = 0; i < 20; i++) await store.hybrid(second[i], flat[i]);
    const hybrid_known = await times(first, (q, i) => store.hybrid(q, flat[job.queries + i]));
    await store.close();
    return { lexical, hybrid_known };
  }
  for (const q of second.slice(0, 20)) await store.hybrid(q);
  // in turns, so that noise meets both alike; of the third part each query is embedded alone or searched whole
  const alone = [], whole = [];
  for (const [i, q] of first.entries()) {
    alone.push(await timed(() => store.embed(third[i])));
    whole.push(await timed(() => store.hybrid(q)));
  }
  const hybrid_known = await times(first, (q) => store.hybrid(q));
  await store.close();
  return { lexical, embedding: summary(alone), hybrid: summary(whole), hybrid_known };
}

/** The vectors of queries, from Fluorite: what a peer's user must bring. */
async function known(queries) {
  const { embedAll } = await import('../text-engines/fluorite.mjs');
  return embedAll(queries);
}

/** Seven words of a text held out: what somebody would type who looks for it. */
function query(q) {
  const words = texts[job.held_out + q].match(/[\p{L}_][\p{L}\d_]{2,}/gu) ?? ['text'];
  return [...new Set(words)].slice(0, 7).join(' ');
}

async function times(queries, call) {
  const us = [];
  for (const [i, q] of queries.entries()) us.push(await timed(() => call(q, i)));
  return summary(us);
}

async function timed(call) {
  const began = performance.now();
  const got = call();
  if (got instanceof Promise) await got;
  return (performance.now() - began) * 1000;
}

function summary(us) {
  const order = sorted(us);
  return { p50_us: quantile(order, 0.5), p99_us: quantile(order, 0.99) };
}
