#!/usr/bin/env node
// Storage beside lmdb, better-sqlite3 and classic-level; JSON on stdout, progress on stderr. See README.md.
//   node benches/store.mjs [--n 100000] [--rounds 3] [--only fluorite,lmdb] [--dir folder]
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from './engines/peer.mjs';
import { generator } from './generate.mjs';
import { options } from './lib/options.mjs';
import { machine, medians, round, warm } from './lib/stats.mjs';

const { n, rounds, only, dir } = options({ n: 100_000, rounds: 3, only: '', dir: tmpdir() });
const PEERS = { lmdb: 'lmdb', sqlite: 'better-sqlite3', 'sqlite-json': 'better-sqlite3', level: 'classic-level' };
const say = (text) => process.stderr.write(`${text}\n`);
const work = mkdtempSync(join(dir, 'fluorite-bench-'));
try {
  console.log(JSON.stringify(bench(engines()), null, 2));
} finally {
  rmSync(work, { recursive: true, force: true });
}

function engines() {
  const wanted = ['fluorite', ...Object.keys(PEERS)].filter((e) => only === '' || only.split(',').includes(e));
  const missing = wanted.filter((e) => PEERS[e] && !installed(PEERS[e]));
  if (missing.length > 0) say(`left out, not installed: ${missing.join(', ')}. To install them: npm install --prefix benches/compare`);
  return wanted.filter((e) => !missing.includes(e));
}

function bench(names) {
  const file = join(work, 'chunks.jsonl');
  say(`generating ${n} chunks`);
  const raw_bytes = write(file);
  const loads = Object.fromEntries(names.map((e) => [e, []]));
  const puts = Object.fromEntries(names.map((e) => [e, []]));
  const own = [];
  for (let r = 0; r < rounds; r++) {
    // Another order each round: what comes first or last finds another machine.
    const order = names.map((_, i) => names[(i + r) % names.length]);
    const opened = {};
    for (const name of order) {
      const store = folder(name);
      loads[name].push(child(r, 'load', name, store, file));
      if (name === 'fluorite') opened.after_shutdown = reopened(r, store);
      drop(store);
      puts[name].push(inNew(r, 'puts', name, file));
    }
    if (!names.includes('fluorite')) continue;
    const halves = inNew(r, 'halves', 'fluorite', file);
    const killed = folder('killed');
    const loop = child(r, 'kill', 'fluorite', killed, file);
    opened.after_kill = reopened(r, killed);
    drop(killed);
    own.push({ halves, event_loop: loop, open: opened });
  }
  const engines = Object.fromEntries(names.map((e) => [e, { ...medians(loads[e]), disk_per_raw: medians(loads[e].map((l) => l.disk_bytes / raw_bytes)), durable_puts_per_s: medians(puts[e]) }]));
  const fluorite = own.length > 0 ? medians(own) : null;
  return { bench: 'store', machine: machine(), n, rounds, raw_bytes_per_chunk: round(raw_bytes / n), engines, fluorite, ...(fluorite && verdict(engines, fluorite)) };
}

/** Us against each peer, and against the figures of the plan. */
function verdict(engines, own) {
  const us = engines.fluorite;
  const ratios = {};
  for (const [name, peer] of Object.entries(engines)) {
    if (name === 'fluorite') continue;
    ratios[name] = { load_speed: round(us.chunks_per_s / peer.chunks_per_s), get_p50: round(us.get_p50_us / peer.get_p50_us), disk: round(us.disk_per_raw / peer.disk_per_raw) };
  }
  const { idle, calls_64, bulk, longest_block } = own.event_loop;
  const targets = [];
  const target = (what, value, most) => targets.push({ what, value: round(value), most, met: value <= most });
  for (const [name, r] of Object.entries(ratios)) target(`load time / ${name}`, 1 / r.load_speed, 1);
  for (const name of ['sqlite', 'sqlite-json']) if (ratios[name]) target(`get p50 / ${name}`, ratios[name].get_p50, 1.5);
  target('disk / raw, second half', own.halves.second_disk_per_raw, 0.25);
  target('10 / (64 concurrent durable puts / one by one)', 10 / us.durable_puts_per_s.ratio, 1);
  target('open after shutdown, ms', own.open.after_shutdown.open_ms, 150);
  target('open after kill -9, ms', own.open.after_kill.open_ms, 150);
  target('loop p99 with 64 calls / idle', calls_64.p99_ms / idle.p99_ms, 2);
  target('loop p99 in bulk load / idle', bulk.p99_ms / idle.p99_ms, 2);
  target('longest block, ms', Math.max(longest_block.calls_64_ms, longest_block.bulk_ms), 20);
  return { ratios, targets };
}

function write(file) {
  const chunks = generator();
  const out = openSync(file, 'w');
  let raw = 0;
  for (let i = 0; i < n; i++) {
    const line = JSON.stringify(chunks.chunk(i));
    raw += Buffer.byteLength(line);
    writeSync(out, `${line}\n`);
  }
  closeSync(out);
  return raw;
}

function folder(name) {
  const path = join(work, name);
  mkdirSync(path);
  return path;
}

function drop(path) {
  rmSync(path, { recursive: true, force: true });
}

function reopened(r, store) {
  warm(store);
  const found = child(r, 'open', 'fluorite', store, '-');
  if (found.chunks !== n) throw new Error(`opened with ${found.chunks} of ${n} chunks`);
  return found;
}

function inNew(r, phase, name, file) {
  const store = folder(name);
  const result = child(r, phase, name, store, file);
  drop(store);
  return result;
}

function child(r, phase, name, store, file) {
  say(`round ${r + 1}/${rounds}: ${name} ${phase}`);
  const script = fileURLToPath(new URL('lib/child.mjs', import.meta.url));
  const args = ['--expose-gc', '--max-old-space-size=4096', script, phase, name, store, file];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0 && !(phase === 'kill' && signal === 'SIGKILL')) throw new Error(`${name} ${phase} failed (${signal ?? status}): ${stderr.slice(-2000)}`);
  return JSON.parse(stdout);
}
