#!/usr/bin/env node
// Text queries beside SQLite (FTS5 and sqlite-vec): the same texts, vectors and queries; JSON on stdout, progress on stderr. See README.md.
//   node benches/search.mjs [--n 100000] [--rounds 3] [--queries 300] [--only fluorite,sqlite] [--dir folder]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from './engines/peer.mjs';
import { embeddings } from './lib/embeddings.mjs';
import { options } from './lib/options.mjs';
import { machine, medians, round, warm } from './lib/stats.mjs';

const { n, rounds, queries, only, dir } = options({ n: 100_000, rounds: 3, queries: 300, only: '', dir: tmpdir() });
const PEERS = { sqlite: ['better-sqlite3', 'sqlite-vec'] };
const say = (text) => process.stderr.write(`${text}\n`);
const work = mkdtempSync(join(dir, 'fluorite-bench-'));
try {
  const data = await embeddings({ n: Math.max(n, 100_000), say });
  const names = ['fluorite', ...Object.keys(PEERS)].filter((e) => only === '' || only.split(',').includes(e));
  const missing = names.filter((e) => PEERS[e]?.some((p) => !installed(p)));
  if (missing.length > 0) say(`left out, not installed: ${missing.join(', ')}. To install them: npm install --prefix benches/compare`);
  console.log(JSON.stringify(bench(names.filter((e) => !missing.includes(e)), data), null, 2));
} finally {
  rmSync(work, { recursive: true, force: true });
}

function bench(names, data) {
  const job = { n, queries, dims: data.dims, texts: data.texts, vectors: data.vectors, held_out: data.n };
  const built = {}, searched = Object.fromEntries(names.map((e) => [e, []])), indexed = Object.fromEntries(names.map((e) => [e, []]));
  for (let r = 0; r < rounds; r++) {
    // Another order each round: what comes first or last finds another machine.
    for (const engine of names.map((_, i) => names[(i + r) % names.length])) {
      const run = (phase, folder) => child(`round ${r + 1}/${rounds}`, { ...job, engine, phase, folder });
      const words = join(work, `words-${r}-${engine}`);
      indexed[engine].push(run('index', words));
      rmSync(words, { recursive: true, force: true });
      const folder = join(work, engine);
      built[engine] ??= run('build', folder);
      warm(folder);
      searched[engine].push(run('search', folder));
    }
  }
  const engines = Object.fromEntries(names.map((e) => [e, { ...medians(indexed[e]), ...medians([built[e]]), ...medians(searched[e]) }]));
  const { sources, tokens, model } = JSON.parse(readFileSync(data.header, 'utf8'));
  return { bench: 'search', machine: machine(), settings: { n, rounds, queries, limit: 10, sources, tokens, model }, engines, ...(engines.fluorite && verdict(engines)) };
}

/** Against the figures of the plan, and the peer. */
function verdict({ fluorite: us, sqlite }) {
  const most = (what, value, limit) => ({ what, value: round(value), most: limit, met: value <= limit });
  const targets = [
    most('whole text query less its embedding, p50 us', us.hybrid.p50_us - us.embedding.p50_us, 1_500),
    most('query whose vector is known, p50 us', us.hybrid_known.p50_us, 1_500),
    most('words alone, p50 us', us.lexical.p50_us, 1_000),
    most('5,000 / chunks indexed a second without embeddings', 5_000 / us.chunks_per_s, 1),
  ];
  if (sqlite) {
    targets.push(most('words alone p50 / sqlite', us.lexical.p50_us / sqlite.lexical.p50_us, 1));
    targets.push(most('hybrid p50, vector known / sqlite', us.hybrid_known.p50_us / sqlite.hybrid_known.p50_us, 1));
  }
  return { targets };
}

function child(what, job) {
  say(`${what}: ${job.engine} ${job.phase}`);
  mkdirSync(job.folder, { recursive: true });
  const script = fileURLToPath(new URL('lib/search-child.mjs', import.meta.url));
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=4096', script, JSON.stringify(job)], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${job.engine} ${job.phase} failed (${signal ?? status}): ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split('\n').pop());
}
