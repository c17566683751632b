// What counting costs: searches by a vector on the calling thread, which is the shortest work that is counted, and reading the metrics.
// Run it on two builds to compare them: node benches/metrics.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FluoriteBridge } from '../index.mjs';
import { hashEmbedding } from '../testing/index.js';

const folder = mkdtempSync(join(tmpdir(), 'fluorite-metrics-'));
const bridge = await FluoriteBridge.open({ memory_path: folder, enable_ml: false });
const vectors = Array.from({ length: 1_000 }, (_, i) => hashEmbedding(`word${i % 97} word${i % 31} number ${i}`));
await bridge.storeChunks(vectors.map((embedding, i) => ({ id: `c${i}`, content: `number ${i}`, embedding })), { durability: 'buffered' });
const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];

/** Microseconds a call, the median of 9 rounds. */
async function timed(calls, work) {
  const rounds = [];
  for (let r = 0; r < 9; r++) {
    const began = performance.now();
    for (let i = 0; i < calls; i++) await work(i);
    rounds.push(((performance.now() - began) / calls) * 1e3);
  }
  return +median(rounds).toFixed(2);
}

const result = {
  search_bare_us: await timed(5_000, (i) => bridge.searchSimilar(vectors[i % 1_000], { limit: 10, fields: [] })),
  search_us: await timed(3_000, (i) => bridge.searchSimilar(vectors[i % 1_000], 10)),
};
if (bridge.getMetrics) {
  result.get_metrics_us = await timed(100, () => bridge.getMetrics());
  result.prometheus_us = await timed(100, () => bridge.getMetrics({ format: 'prometheus' }));
  const { total } = (await bridge.getMetrics()).latency;
  result.counted = total.count;
  result.total_p50_us = total.p50_seconds * 1e6;
}
console.log(JSON.stringify(result, null, 2));
await bridge.shutdown();
rmSync(folder, { recursive: true, force: true });
