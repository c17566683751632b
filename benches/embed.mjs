#!/usr/bin/env node
// Embedding one text, beside a bare ort loop and transformers.js; JSON on stdout, progress on stderr. See README.md.
//   node benches/embed.mjs [--rounds 12] [--texts 10]
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FluoriteBridge } from '../index.mjs';
import { installed } from './engines/peer.mjs';
import { random } from './generate.mjs';
import { options } from './lib/options.mjs';
import { machine, median, quantile, round, sorted } from './lib/stats.mjs';

const { rounds, texts } = options({ rounds: 12, texts: 10 });
const LENGTHS = [15, 60, 250];
const root = fileURLToPath(new URL('..', import.meta.url));
const model = join(root, 'models', 'all-MiniLM-L6-v2');
const say = (text) => process.stderr.write(`${text}\n`);
const work = mkdtempSync(join(tmpdir(), 'fluorite-bench-'));
async function bench() {
  const sentences = await writer();
  const lanes = start();
  const times = new Map(); // "lane length" -> microseconds
  const note = (lane, length, list) => times.set(`${lane} ${length}`, [...(times.get(`${lane} ${length}`) ?? []), ...list]);
  // Short turns one after the other, so that noise of the machine meets all alike; the first round warms up.
  for (let r = 0; r <= rounds; r++) {
    say(r === 0 ? 'warming up' : `round ${r}/${rounds}`);
    for (const length of LENGTHS) {
      for (const lane of lanes) {
        const answer = await lane.ask(Array.from({ length: texts }, () => sentences(length)));
        if (r > 0) for (const [key, list] of Object.entries(answer)) note(key === 'run_us' ? 'bare_ort_run' : lane.name, length, list);
        await sleep(20); // threads of transformers.js spin for a while after their work
      }
    }
  }
  for (const lane of lanes) lane.end();
  const lane = (name, length) => times.get(`${name} ${length}`);
  const names = [...new Set([...times.keys()].map((k) => k.split(' ')[0]))];
  const p50_us = Object.fromEntries(names.map((n) => [n, Object.fromEntries(LENGTHS.map((l) => [l, round(median(lane(n, l)))]))]));
  const p90_us = Object.fromEntries(names.map((n) => [n, Object.fromEntries(LENGTHS.map((l) => [l, round(quantile(sorted(lane(n, l)), 0.9))]))]));
  const ratio = (peer) => Object.fromEntries(LENGTHS.map((l) => [l, round(p50_us.fluorite[l] / p50_us[peer][l])]));
  const ratios = Object.fromEntries(names.filter((n) => n !== 'fluorite').map((n) => [n, ratio(n)]));
  const targets = Object.entries(ratios).flatMap(([peer, byLength]) => LENGTHS.map((l) => ({ what: `p50 at ${l} tokens / ${peer}`, value: byLength[l], most: peer.startsWith('bare') ? 1.15 : 1 })));
  return { bench: 'embed', machine: machine(), rounds, texts_per_turn: texts, p50_us, p90_us, ratios, targets: targets.map((t) => ({ ...t, met: t.value <= t.most })) };
}

/** Gives texts of exactly so many tokens, never the same twice: the embedding cache must not help. */
async function writer() {
  const words = readFileSync(join(model, 'vocab.txt'), 'utf8').split('\n').filter((w) => /^[a-z]{4,}$/.test(w));
  const rnd = random(11);
  const bridge = await FluoriteBridge.open({ memory_path: join(work, 'count') });
  const extra = bridge.countTokens('word') - 1; // the marks around a text
  const make = (length) => Array.from({ length: length - extra }, () => rnd.pick(words)).join(' ');
  for (const length of LENGTHS) {
    const found = bridge.countTokens(make(length));
    if (found !== length) throw new Error(`a text of ${found} tokens instead of ${length}`);
  }
  await bridge.shutdown();
  return make;
}

function start() {
  const child = fileURLToPath(new URL('lib/embed-child.mjs', import.meta.url));
  const lanes = [new Lane('fluorite', process.execPath, [child, 'fluorite', join(work, 'store')])];
  const bare = bareOrt();
  if (bare) lanes.push(new Lane('bare_ort', bare, [library(), model]));
  if (installed('@huggingface/transformers')) {
    lanes.push(new Lane('transformers_1_thread', process.execPath, [child, 'transformers', '1']));
    lanes.push(new Lane('transformers_default', process.execPath, [child, 'transformers', '0']));
  } else say('transformers.js is left out, not installed. To install it: npm install --prefix benches/compare');
  return lanes;
}

function bareOrt() {
  say('building the bare loop');
  const { status } = spawnSync('cargo', ['build', '--release', '-p', 'fluorite-ml', '--example', 'bare_ort'], { cwd: root, stdio: ['ignore', 2, 2] });
  return status === 0 ? join(root, 'target', 'release', 'examples', 'bare_ort') : say('the bare loop is left out: cargo failed');
}

function library() {
  const name = readdirSync(join(root, 'runtime')).find((n) => /^(lib)?onnxruntime\.(so|dylib|dll)/.test(n));
  return process.env.ORT_DYLIB_PATH ?? join(root, 'runtime', name);
}

/** A process that embeds on demand. */
class Lane {
  constructor(name, command, args) {
    this.name = name;
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.on('error', (e) => { throw e; });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async ask(list) {
    this.process.stdin.write(`${JSON.stringify(list)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.name} ended early`);
    return JSON.parse(value);
  }

  end() {
    this.process.stdin.end();
  }
}

try {
  console.log(JSON.stringify(await bench(), null, 2));
} finally {
  rmSync(work, { recursive: true, force: true });
}
