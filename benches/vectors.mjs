#!/usr/bin/env node
// Vector search beside usearch, hnswlib-node, zvec and LanceDB; JSON on stdout, progress on stderr. See README.md.
//   node benches/vectors.mjs [--n 100000] [--rounds 3] [--data clustered,minilm] [--only fluorite,usearch] [--dir folder]
//                            [--keep] [--engine] [--markdown file] [--svg file]
// --keep: peers' stores stay in benches/.cache/stores and are used again, with the build figures of then; Fluorite's is always
// made anew. --svg with two data sets: file-<data>.svg
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from './lib/embeddings.mjs';
import { figures, verdict } from './lib/fronts.mjs';
import { options } from './lib/options.mjs';
import { machine, medians, warm } from './lib/stats.mjs';
import { truth } from './lib/truth.mjs';
import { markdown } from './lib/vectors-markdown.mjs';
import { plot } from './lib/vectors-svg.mjs';
import { DATA, K, QUERIES } from './lib/vectors.mjs';

const { n, rounds, data, only, dir, keep, engine: inEngine, markdown: table, svg } = options({ n: 100_000, rounds: 3, data: 'clustered,minilm', only: '', dir: tmpdir(), keep: false, engine: false, markdown: '', svg: '' });
const EFS = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 400];
const MODULES = ['fluorite', 'usearch', 'hnswlib', 'zvec', 'lancedb'];
const root = fileURLToPath(new URL('..', import.meta.url));
const say = (text) => process.stderr.write(`${text}\n`);
const work = mkdtempSync(join(dir, 'fluorite-bench-'));
try {
  const sets = data.split(',');
  const unknown = sets.find((d) => !Object.hasOwn(DATA, d));
  if (unknown) throw new Error(`no data set ${unknown}: there are ${Object.keys(DATA).join(', ')}`);
  const engines = await wanted();
  const result = { bench: 'vectors', machine: machine(), settings: settings(engines), data: {} };
  for (const name of sets) result.data[name] = await bench(name, engines);
  console.log(JSON.stringify(result, null, 2));
  if (table) writeFileSync(table, markdown(result));
  if (svg) for (const name of sets) writeFileSync(sets.length === 1 ? svg : svg.replace(/(\.svg)?$/, `-${name}.svg`), plot(name, result.data[name]));
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Every variant of every engine asked for that is installed. */
async function wanted() {
  const all = [];
  for (const file of MODULES) {
    const module = await import(`./vector-engines/${file}.mjs`);
    for (const [variant, kind] of Object.entries(module.variants)) all.push({ variant, file, package: module.name, settings: module.settings(kind) });
  }
  const asked = only === '' ? all : all.filter((e) => only.split(',').some((o) => o === e.variant || o === e.file));
  const missing = asked.filter((e) => e.package && !loads(e.package));
  if (missing.length > 0) say(`left out, not installed: ${missing.map((e) => e.variant).join(', ')}. To install them: npm install --prefix benches/compare`);
  return asked.filter((e) => !missing.includes(e));
}

/** Is it installed, and does its binary load? In a process of its own: the libraries need not meet in this one. */
function loads(name) {
  const peer = new URL('engines/peer.mjs', import.meta.url).href;
  return spawnSync(process.execPath, ['--input-type=module', '-e', `process.exit((await import('${peer}')).installed('${name}') ? 0 : 1)`]).status === 0;
}

function settings(engines) {
  return { n, k: K, queries: QUERIES, rounds, efs: EFS, ...Object.fromEntries(engines.map((e) => [e.variant, e.settings])) };
}

async function bench(name, engines) {
  const set = await DATA[name](n, say);
  const exact = await truth(set, n, say);
  const built = {}, searched = Object.fromEntries(engines.map((e) => [e.variant, []]));
  for (let r = 0; r < rounds; r++) {
    // Another order each round: what comes first or last finds another machine.
    for (const e of engines.map((_, i) => engines[(i + r) % engines.length])) {
      const folder = join(keep && e.package ? join(CACHE, 'stores') : work, `${name}-${n}-${e.variant}`);
      const job = { engine: e.file, variant: e.variant, folder, n, dims: set.dims, data: set, truth: exact, efs: EFS };
      if (r === 0) built[e.variant] = build(name, job);
      warm(folder);
      searched[e.variant].push(child(`${name}, round ${r + 1}/${rounds}`, { ...job, phase: 'search' }));
    }
  }
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  const results = Object.fromEntries(engines.map((e) => [e.variant, figures({ ...medians([built[e.variant]]), ...medians(searched[e.variant]) })]));
  if (results.fluorite && Object.keys(results.fluorite.sweep).length === 1) say('fluorite: this build takes no `ef`: one point instead of a sweep');
  if (inEngine) Object.assign(results, inProcess(set, exact));
  const { base: _, queries: __, ...about } = set;
  return { ...about, engines: results, ...(results.fluorite && verdict(results)) };
}

function build(name, job) {
  const note = `${job.folder}.json`;
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8'));
  rmSync(job.folder, { recursive: true, force: true });
  mkdirSync(job.folder, { recursive: true });
  const result = child(name, { ...job, phase: 'build' });
  writeFileSync(note, JSON.stringify(result));
  return result;
}

/** The search alone, without Node: the example of the crate. */
function inProcess(set, exact) {
  say('in the engine: cargo run --example vectors');
  const args = ['run', '--release', '-q', '-p', 'fluorite-memory', '--example', 'vectors', '--', set.base, set.queries, exact.all, `${set.dims}`, '--ef', EFS.join(','), '--json'];
  const { status, stdout, stderr } = spawnSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) {
    say(`the row in the engine is left out: ${stderr.trim().split('\n').pop()}`);
    return {};
  }
  const sweep = Object.fromEntries(JSON.parse(stdout).map(({ ef, recall, p50_us, p99_us, many_us = null }) => [Number.isInteger(ef) ? `ef ${ef}` : 'default', { recall, p50_us, p99_us, many_us }]));
  return { 'in the engine': figures({ sweep }) };
}

function child(what, job) {
  say(`${what}: ${job.variant} ${job.phase}`);
  const script = fileURLToPath(new URL('lib/vectors-child.mjs', import.meta.url));
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--max-old-space-size=4096', script, JSON.stringify(job)], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${job.variant} ${job.phase} failed (${signal ?? status}): ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split('\n').pop());
}
