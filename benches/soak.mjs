#!/usr/bin/env node
// Does memory grow with the number of calls? Calls of every kind, 32 in flight, on a store of bounded size; the resident
// memory of the process at 20 points behind a warm-up. JSON on stdout; exit code 1 when a bound is not met.
//   node benches/soak.mjs [--calls 1000000] [--words] [--bytes_per_call 5] [--growth_mb 20]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FluoriteBridge } from '../index.mjs';
import { inFlight } from './lib/loop.mjs';
import { options } from './lib/options.mjs';
import { machine, median, round } from './lib/stats.mjs';
import { begin, mixture } from './lib/soak-calls.mjs';

const WINDOWS = 20;
const MIB = 2 ** 20;
const { calls, words, bytes_per_call, growth_mb } = options({ calls: 1_000_000, words: false, bytes_per_call: 0, growth_mb: 0 });

if (!globalThis.gc) {
  // garbage that is not collected yet is no growth
  const { status } = spawnSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const here = fileURLToPath(new URL('..', import.meta.url));
const enable_ml = !words && existsSync(join(here, 'runtime')) && existsSync(join(here, 'models', 'all-MiniLM-L6-v2'));
const at = mkdtempSync(join(tmpdir(), 'fluorite-soak-'));
const samples = [];
try {
  const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml, cache_size_mb: 8, memory: { segment_mb: 4 } });
  await begin(bridge);
  const call = mixture(bridge, enable_ml);
  const window = Math.ceil(calls / WINDOWS);
  const began = performance.now();
  let number = 0;
  // a third as many calls as are measured fill caches, pools and the heap: at least 10,000
  await turn(Math.max(10_000, Math.ceil(calls / 3)));
  samples.push(await resident());
  for (let i = 0; i < WINDOWS; i++) {
    await turn(window);
    samples.push(await resident());
    process.stderr.write(`${(i + 1) * window} calls, ${round(samples.at(-1) / MIB)} MiB\n`);
  }
  const stats = await bridge.getStats();
  const duration_s = round((performance.now() - began) / 1000);
  await bridge.shutdown();
  report(window * WINDOWS, duration_s, stats);

  async function turn(n) {
    await inFlight(Array.from({ length: n }, () => number++), 32, call);
    await bridge.optimize(); // else the log, and its tables, grow with every overwrite
  }
} finally {
  rmSync(at, { recursive: true, force: true });
}

/** Resident bytes with nothing in flight and no garbage. */
async function resident() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((done) => setImmediate(done)); // finalizers run between turns
  }
  return process.memoryUsage.rss();
}

function report(measured, duration_s, { chunks, versions, disk_bytes }) {
  // medians of five: a single sample has what the kernel and the allocator happened to hold
  const [first, last] = [median(samples.slice(0, 5)), median(samples.slice(-5))];
  const apart = measured * ((WINDOWS - 4) / WINDOWS);
  const growth = samples.at(-1) - samples[0];
  const figures = { growth_mb: round(growth / MIB), bytes_per_call: round((last - first) / apart) };
  const bounds = { growth_mb, bytes_per_call };
  const met = Object.entries(bounds).every(([name, most]) => most === 0 || figures[name] < most);
  const rss_mb = samples.map((s) => round(s / MIB));
  console.log(JSON.stringify({ bench: 'soak', machine: machine(), enable_ml, calls: measured, duration_s, ...figures, rss_mb, store: { chunks, versions, disk_bytes }, met }, null, 2));
  process.exitCode = met ? 0 : 1;
}
