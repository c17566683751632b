// One phase of one engine, in a process of its own: child.mjs <phase> <engine> <folder> <chunks.jsonl>
// The result is one line of JSON on stdout.
import { mkdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { random } from '../generate.mjs';
import { delays, inFlight, longestBlock } from './loop.mjs';
import { diskBytes, quantile, sorted } from './stats.mjs';

const [phase, name, folder, file] = process.argv.slice(2);
const engine = await import(`../engines/${name}.mjs`);
const chunks = file === '-' ? [] : readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
const phases = { load, halves, puts, kill, open, locked };
const result = await phases[phase]();
writeSync(1, `${JSON.stringify(result)}\n`);
// As a crash: nothing is closed, nothing saved.
if (phase === 'kill') process.kill(process.pid, 'SIGKILL');

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** A store for the compiler's sake: the first calls of a process run in the interpreter. */
async function warmUp() {
  const scratch = `${folder}-warm`;
  mkdirSync(scratch, { recursive: true });
  const store = await engine.open(scratch);
  await store.load(chunks.slice(0, 2_000));
  for (const { id } of chunks.slice(0, 2_000)) await store.get(id);
  await store.close();
  rmSync(scratch, { recursive: true, force: true });
  globalThis.gc?.();
}

/** Bulk load, warm reads of random ids with all fields, size after closing. */
async function load() {
  await warmUp();
  const store = await engine.open(folder);
  const load_ms = await timed(() => store.load(chunks));
  for (const { id } of chunks) await store.get(id); // warm
  const rnd = random(7);
  const picks = Array.from({ length: Math.min(50_000, chunks.length) }, () => rnd.pick(chunks));
  const times = new Float64Array(picks.length);
  let wrong = 0;
  for (let i = 0; i < picks.length; i++) {
    const { id, content } = picks[i];
    const began = performance.now();
    const got = engine.sync ? store.get(id) : await store.get(id);
    times[i] = performance.now() - began;
    if (got.content !== content) wrong++;
  }
  if (wrong > 0) throw new Error(`${name}: ${wrong} chunks read back differ`);
  const get = sorted(times);
  const close_ms = await timed(() => store.close());
  const us = (q) => quantile(get, q) * 1000;
  return { load_ms, chunks_per_s: (chunks.length / load_ms) * 1000, get_p50_us: us(0.5), get_p99_us: us(0.99), close_ms, disk_bytes: diskBytes(folder) };
}

/** Size of the second half, written with the dictionary that the first one trained. Closed in between: a live store holds space in reserve. */
async function halves() {
  const half = chunks.length >> 1;
  let store = await engine.open(folder);
  await store.load(chunks.slice(0, half));
  await store.bridge.flush();
  const began = performance.now();
  while ((await store.bridge.getStats()).dictionary_id === 0 && performance.now() - began < 60_000) await sleep(20);
  const waited_ms = performance.now() - began;
  const { dictionary_id } = await store.bridge.getStats();
  await store.close();
  const first_bytes = diskBytes(folder);
  store = await engine.open(folder);
  await store.load(chunks.slice(half));
  await store.close();
  const bytes = (list) => list.reduce((sum, chunk) => sum + Buffer.byteLength(JSON.stringify(chunk)), 0);
  const second_bytes = diskBytes(folder) - first_bytes;
  const ratios = { first: first_bytes / bytes(chunks.slice(0, half)), second: second_bytes / bytes(chunks.slice(half)) };
  return { dictionary_id, dictionary_wait_ms: waited_ms, first_bytes, second_bytes, first_disk_per_raw: ratios.first, second_disk_per_raw: ratios.second };
}

/** Puts that are durable each: one after the other, and 64 at a time; per second. */
async function puts() {
  const store = await engine.open(folder);
  store.durablePuts?.();
  await store.load(chunks.slice(0, 500));
  const few = chunks.slice(500, 500 + Math.min(500, chunks.length >> 2));
  const many = chunks.slice(1_000, 1_000 + Math.min(20_000, chunks.length >> 1));
  const one_ms = await timed(() => inFlight(few, 1, store.put));
  const wide_ms = await timed(() => inFlight(many, 64, store.put));
  await store.close();
  const per_s = { one_by_one: (few.length / one_ms) * 1000, concurrent_64: (many.length / wide_ms) * 1000 };
  return { ...per_s, ratio: per_s.concurrent_64 / per_s.one_by_one };
}

/** Event loop while loading, by quarters of the chunks; afterwards the process kills itself. */
async function kill() {
  const store = await engine.open(folder);
  const part = Math.ceil(chunks.length / 4);
  const quarter = (i) => chunks.slice(i * part, (i + 1) * part);
  globalThis.gc?.();
  const idle = await delays(() => sleep(2_000));
  const calls_64 = await delays(() => inFlight(quarter(0), 64, store.put));
  const bulk = await delays(() => store.load(quarter(1)));
  const block = {
    idle_ms: await longestBlock(() => sleep(500)),
    calls_64_ms: await longestBlock(() => inFlight(quarter(2), 64, store.put)),
    bulk_ms: await longestBlock(() => store.load(quarter(3))),
  };
  return { idle, calls_64, bulk, longest_block: block };
}

/** A new process opens a full store. */
async function open() {
  const began = performance.now();
  const store = await engine.open(folder);
  const open_ms = performance.now() - began;
  const search_ms = await timed(() => store.bridge.searchSimilar('rate limit middleware for express', 10));
  const second_ms = await timed(() => store.bridge.searchSimilar('upload a file to object storage', 10));
  const { chunks: found, recovered_tail_bytes } = await store.bridge.getStats();
  await store.close();
  return { open_ms, first_search_ms: search_ms, second_search_ms: second_ms, chunks: found, recovered_tail_bytes };
}

/** A process comes second. */
async function locked() {
  const began = performance.now();
  const code = await engine.open(folder).then(() => null, (e) => e.code);
  return { code, ms: performance.now() - began };
}
