#!/usr/bin/env node
// The figures of time among the promises (never checked inside npm test): JSON on stdout, exit code 1 when one is not met.
//   node benches/limits.mjs [--tiny 100000]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FluoriteBridge } from '../index.mjs';
import { generator } from './generate.mjs';
import { delays, inFlight, longestBlock } from './lib/loop.mjs';
import { options } from './lib/options.mjs';
import { machine, median, round } from './lib/stats.mjs';

const { tiny } = options({ tiny: 100_000 });
const work = mkdtempSync(join(tmpdir(), 'fluorite-limits-'));
const chunks = generator();
const checks = [];
const check = (what, value, most) => checks.push({ what, value: round(value), most, met: value <= most });
try {
  for (const [n, most] of [[100, 200], [10_000, 1_000]]) check(`open of ${n} chunks after kill -9, ms`, await afterKill(n), most);
  check(`open of ${tiny} tiny chunks, ms`, await tinyChunks(), 5_000);
  check('STORE_LOCKED, ms', await locked(), 100);
  check('slowest refusal of a hostile argument, ms', await hostile(), 10);
  await underLoad();
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(JSON.stringify({ bench: 'limits', machine: machine(), checks }, null, 2));
process.exitCode = checks.every((c) => c.met) ? 0 : 1;

function folder(name) {
  const path = join(work, name);
  mkdirSync(path);
  return path;
}

function child(phase, store, file = '-') {
  process.stderr.write(`${phase} ${store}\n`);
  const script = fileURLToPath(new URL('lib/child.mjs', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script, phase, 'fluorite', store, file], { encoding: 'utf8' });
  if (!stdout) throw new Error(`${phase} gave nothing: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout);
}

/** Median of three stores: filled, killed, opened. */
async function afterKill(n) {
  const file = join(work, `${n}.jsonl`);
  writeFileSync(file, Array.from({ length: n }, (_, i) => JSON.stringify(chunks.chunk(i))).join('\n'));
  const times = [];
  for (let i = 0; i < 3; i++) {
    const store = folder(`killed-${n}-${i}`);
    child('kill', store, file);
    const found = child('open', store);
    if (found.chunks !== n) throw new Error(`${found.chunks} of ${n} chunks after kill -9`);
    times.push(found.open_ms);
  }
  return median(times);
}

async function tinyChunks() {
  const store = folder('tiny');
  const bridge = await FluoriteBridge.open({ memory_path: store, enable_ml: false });
  await bridge.storeChunks(Array.from({ length: tiny }, (_, i) => ({ id: `t${i}`, content: `${i}` })));
  await bridge.shutdown();
  return child('open', store).open_ms;
}

async function locked() {
  const store = folder('locked');
  const bridge = await FluoriteBridge.open({ memory_path: store, enable_ml: false });
  const { code, ms } = child('locked', store);
  await bridge.shutdown();
  if (code !== 'STORE_LOCKED') throw new Error(`a second process got ${code}`);
  return ms;
}

/** Every method that takes an argument, with values no one should pass. */
async function hostile() {
  const bridge = await FluoriteBridge.open({ memory_path: folder('hostile'), enable_ml: false });
  const thrower = { get content() { throw new Error('no'); } };
  const values = [null, NaN, Infinity, -1, 2 ** 53, Symbol('s'), () => 0, '\ud800', 'x'.repeat(65_536), thrower, new Proxy({}, { get: () => { throw new Error('no'); } })];
  const methods = ['storeChunk', 'storeChunks', 'getChunk', 'getChunks', 'getContentBuffer', 'deleteChunk', 'deleteWhere', 'history', 'searchMany', 'generateEmbeddings'];
  let slowest = 0;
  for (const method of methods) {
    for (const value of values) {
      const began = performance.now();
      const outcome = await bridge[method](value).then(() => null, (e) => e);
      if (outcome !== null) slowest = Math.max(slowest, performance.now() - began);
    }
  }
  await bridge.shutdown();
  return slowest;
}

/** Event loop while 64 calls are in flight that embed, search and store by turns. */
async function underLoad() {
  const bridge = await FluoriteBridge.open({ memory_path: folder('load') });
  const call = (i) => (i % 2 === 0 ? bridge.storeChunk(chunks.chunk(i)) : i % 4 === 1 ? bridge.searchSimilar(`upload a file, part ${i}`) : bridge.generateEmbedding(`text number ${i}`));
  const numbers = (from) => Array.from({ length: 400 }, (_, i) => from + i);
  await inFlight(numbers(0), 64, call);
  const idle = await delays(() => sleep(2_000));
  const busy = await delays(() => inFlight(numbers(1_000), 64, call));
  check('loop p99 with 64 calls that embed, search, store / idle', busy.p99_ms / idle.p99_ms, 2);
  check('longest block with 64 calls that embed, search, store, ms', await longestBlock(() => inFlight(numbers(2_000), 64, call)), 20);
  await bridge.shutdown();
}
