// One phase of one engine of the vector bench, in a process of its own: vectors-child.mjs <job as JSON>
//   { phase: 'build' | 'search', engine, variant, folder, n, dims, data, truth, efs }; one line of JSON on stdout.
import { writeSync } from 'node:fs';
import { diskBytes, quantile, sorted } from './stats.mjs';
import { wanted } from './truth.mjs';
import { content, K, QUERIES, slices, tag, vectors } from './vectors.mjs';

const job = JSON.parse(process.argv[2]);
const engine = await import(`../vector-engines/${job.engine}.mjs`);
const given = { ...job, k: K, tag, content };
const FEW = 300; // queries of the rows that are not the sweep
const result = await { build, search }[job.phase]();
writeSync(1, `\n${JSON.stringify(result)}\n`);
process.exit(0);

/** From a file of vectors to a closed, searchable index on disk. */
async function build() {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await engine.build({ ...given, slices: slices(job.data.base, job.n, job.dims) });
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return { build_s: ms / 1000, build_cpu_s: (user + system) / 1e6, build_peak_rss_mb: process.resourceUsage().maxRSS / 1024, disk_mb: diskBytes(job.folder) / 2 ** 20 };
}

/** The sweep: one query after the other, then all at once; fields returned; one in a hundred filtered. */
async function search() {
  const began = performance.now();
  const store = await engine.open(given);
  const flat = vectors(job.data.queries, QUERIES, job.dims);
  const raw = Array.from({ length: QUERIES }, (_, q) => flat.slice(q * job.dims, (q + 1) * job.dims));
  const queries = raw.map(store.prepare ?? ((v) => v));
  await store.use(store.knobs[0]);
  await store.search(queries[0]);
  const open_ms = performance.now() - began;
  const all = wanted(job.truth, 'all'), some = wanted(job.truth, 'filtered');
  const sweep = {}, full = {}, filtered = {};
  await pass(store, queries, (q) => store.search(q)); // the compiler and the page cache
  for (const knob of store.knobs) {
    await store.use(knob);
    await pass(store, queries.slice(0, 100), (q) => store.search(q));
    const single = await pass(store, queries, (q) => store.search(q));
    sweep[knob.label] = { recall: recall(store, single.found, all), ...single.times, many_us: store.many ? await together(store, queries, flat, all) : null };
  }
  const search_peak_rss_mb = process.resourceUsage().maxRSS / 1024;
  for (const [i, knob] of store.full || store.filtered ? store.knobs.entries() : []) {
    await store.use(knob);
    if (store.full) {
      const { found, times } = await pass(store, queries.slice(0, FEW), (q) => store.full(q));
      full[knob.label] = { recall: recall(store, found, all), ...times };
    }
    if (store.filtered && i % 3 === 0) {
      const { found, times } = await pass(store, queries.slice(0, FEW), (q, i) => store.filtered(q, i % 100));
      filtered[knob.label] = { recall: recall(store, found, some), ...times };
    }
  }
  await store.close();
  return { open_ms, search_peak_rss_mb, sweep, ...(store.full && { full }), ...(store.filtered && { filtered }) };
}

async function pass(store, queries, call) {
  const found = new Array(queries.length), us = new Float64Array(queries.length);
  for (let i = 0; i < queries.length; i++) {
    const began = performance.now();
    found[i] = store.sync ? call(queries[i], i) : await call(queries[i], i);
    us[i] = (performance.now() - began) * 1000;
  }
  const order = sorted(us);
  return { found, times: { p50_us: quantile(order, 0.5), p99_us: quantile(order, 0.99) } };
}

/** Time per query of all at once; the answers must be as good as the single ones. */
async function together(store, queries, flat, truth) {
  const times = [];
  let found;
  const start = performance.now();
  for (let r = 0; r < 3 && performance.now() - start < 1_000; r++) {
    const began = performance.now();
    found = await store.many(queries, flat);
    times.push(((performance.now() - began) * 1000) / queries.length);
  }
  recall(store, found, truth);
  return quantile(sorted(times), 0.5);
}

/** Share of the exact neighbours among the first K, over all queries. */
function recall(store, found, truth) {
  let hit = 0, all = 0;
  for (let q = 0; q < found.length; q++) {
    const most = Math.min(K, truth[q].size);
    hit += Math.min(most, new Set(store.ids(found[q]).slice(0, K).filter((id) => truth[q].has(id))).size);
    all += most;
  }
  return hit / all;
}
