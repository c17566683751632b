// Vector search once vectors lie in a graph: what is found, what filters do, what the knobs accept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folder, open, rejects } from './helpers.mjs';

const DIMS = 32;
const COUNT = 9_000; // a graph is made from 8,192 on

/** Repeatable numbers, about normal. */
function random(seed) {
  let a = seed;
  const uniform = () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => uniform() + uniform() + uniform() + uniform() - 2;
}

function vectors(count, seed) {
  const centres = random(1);
  const centre = Array.from({ length: 100 }, () => Float32Array.from({ length: DIMS }, centres));
  const noise = random(seed);
  return Array.from({ length: count }, (_, i) => centre[i % 100].map((c) => c + 0.6 * noise()));
}

const base = vectors(COUNT, 2);
const queries = vectors(100, 3);
const chunk = (embedding, i) => ({ id: `v${i}`, content: `vector ${i}`, embedding, tags: i % 100 === 0 ? ['rare'] : i % 2 === 0 ? ['even'] : [] });

/** Share of the exact hits that the search finds. */
async function recall(bridge, options) {
  let found = 0;
  let all = 0;
  for (const query of queries) {
    const exact = await bridge.searchSimilar(query, { ...options, fields: [], exact: true });
    const least = exact.at(-1)?.score ?? 0;
    found += (await bridge.searchSimilar(query, { ...options, fields: [] })).filter((h) => h.score >= least).length;
    all += exact.length;
  }
  return found / all;
}

test('vectors become a graph; each is found by itself; recall holds with filters, deletes and reopening', async (t) => {
  const dir = folder();
  const bridge = await open(t, { memory_path: dir });
  await bridge.storeChunks(base.map(chunk));
  const progress = [];
  const report = await bridge.optimize({ on_progress: (p) => progress.push(p) });
  let { vector_index: index } = await bridge.getStats();
  // the background may have been first; then there was nothing left to gain
  assert.ok(report.vectors_indexed === COUNT || report.vectors_indexed === 0, `${report.vectors_indexed}`);
  assert.deepEqual([index.scanned, index.graphs, index.graph_vectors, index.building], [0, 1, COUNT, null]);
  assert.ok(report.vectors_indexed === 0 || progress.some((p) => p.phase === 'graph' && p.done <= p.total));
  assert.equal((await bridge.optimize()).vectors_indexed, 0, 'a second time there is nothing to gain');

  for (let i = 0; i < COUNT; i += 61) assert.equal((await bridge.searchSimilar(base[i], { limit: 1, fields: [] }))[0].id, `v${i}`);
  for (const filter of [undefined, { tags: { any: ['even'] } }, { tags: { any: ['rare'] } }]) {
    const share = await recall(bridge, { filter });
    assert.ok(share >= 0.97, `${JSON.stringify(filter)}: ${share}`);
  }
  assert.ok((await recall(bridge, { recall_target: 0.999 })) >= 0.99);
  assert.ok((await recall(bridge, { ef: 400 })) >= 0.99);
  const [single] = await bridge.searchMany([queries[0]], { fields: [] });
  assert.deepEqual(single, await bridge.searchSimilar(queries[0], { fields: [] }));

  await bridge.deleteWhere({ tags: { any: ['even'] } });
  const moved = queries.slice(0, 50).map((v, i) => ({ id: `v${i * 2 + 1}`, content: 'moved', embedding: v }));
  await bridge.storeChunks(moved);
  const check = async (b) => {
    for (const { id, embedding } of moved) assert.equal((await b.searchSimilar(embedding, { limit: 1, fields: [] }))[0].id, id);
    for (const h of await b.searchSimilar(base[2], 100)) assert.ok(!h.tags.includes('even'));
    assert.ok((await recall(b, {})) >= 0.97);
  };
  await check(bridge);
  await bridge.shutdown();
  const again = await open(t, { memory_path: dir });
  await check(again);
  ({ vector_index: index } = await again.getStats());
  assert.deepEqual([index.graphs, index.scanned], [1, 50]);
  assert.equal((await again.health()).index.status, 'ok');
});

test('recall_target and ef are checked', async (t) => {
  const bridge = await open(t, { memory_path: folder() });
  const query = new Float32Array(DIMS).fill(1);
  for (const bad of [{ recall_target: 0.4 }, { recall_target: 1 }, { recall_target: 'x' }, { ef: 0 }, { ef: 5_000 }, { ef: 1.5 }, { ef: 50, recall_target: 0.9 }]) {
    await rejects(bridge.searchSimilar(query, bad), 'INVALID_ARGUMENT');
  }
  await bridge.searchSimilar(query, { recallTarget: 0.9 });
});
