#!/usr/bin/env node
// What listening costs a load: rate and event loop of one that nobody hears, of one with a listener, of one with a loop over
// events(). JSON on stdout; medians of rounds in turn.
//   node benches/events.mjs [--chunks 100000] [--rounds 3]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FluoriteBridge } from '../index.mjs';
import { delays } from './lib/loop.mjs';
import { options } from './lib/options.mjs';
import { machine, medians, round } from './lib/stats.mjs';

const { chunks, rounds } = options({ chunks: 100_000, rounds: 3 });
const work = mkdtempSync(join(tmpdir(), 'fluorite-events-'));
const KINDS = {
  nobody: () => undefined,
  on: (bridge, heard) => void bridge.on('ChunkStored', () => heard.told++).on('Lagged', ({ missed }) => (heard.missed += missed)),
  events: async (bridge, heard) => {
    for await (const event of bridge.events()) {
      if (event.type === 'ChunkStored') heard.told++;
      else if (event.type === 'Lagged') heard.missed += event.missed;
    }
  },
};

const all = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
try {
  for (let i = 0; i < rounds; i++) for (const kind of Object.keys(KINDS)) all[kind].push(await load(kind, join(work, `${kind}-${i}`)));
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(JSON.stringify({ bench: 'events', machine: machine(), chunks, rounds, loads: Object.fromEntries(Object.entries(all).map(([kind, runs]) => [kind, medians(runs)])) }, null, 2));

/** One load of a new store, `buffered`, from an array; every event is told or counted as missed. */
async function load(kind, memory_path) {
  process.stderr.write(`${kind}\n`);
  const input = Array.from({ length: chunks }, (_, i) => ({ id: `c${i}`, content: `chunk ${i}` }));
  const heard = { told: 0, missed: 0 };
  const bridge = await FluoriteBridge.open({ memory_path, enable_ml: false });
  const listening = KINDS[kind](bridge, heard);
  const began = performance.now();
  const loop = await delays(() => bridge.storeChunks(input, { durability: 'buffered' }));
  const seconds = (performance.now() - began) / 1000;
  await bridge.shutdown();
  await listening;
  if (kind !== 'nobody' && heard.told + heard.missed !== chunks) throw new Error(`${heard.told} told and ${heard.missed} missed of ${chunks}`);
  return { chunks_per_s: round(chunks / seconds), ...heard, ...loop };
}
