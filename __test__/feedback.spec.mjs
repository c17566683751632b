// addFeedback and trainIncremental.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { folder, open, rejects } from './helpers.mjs';

async function collect(items) {
  const out = [];
  for await (const item of items) out.push(item);
  return out;
}

test('feedback is never met, a correction is a new version', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'a', content: 'the wrong zebra', tags: ['t'], quality_score: 0.75 });
  await bridge.addFeedback({ chunk_id: 'a', query: 'zebra', kind: 'success' });
  await bridge.addFeedback([{ chunkId: 'a', kind: 'rating', rating: 0.5, comment: 'zebra' }, { chunk_id: 'a', kind: 'correction', correction: 'the right lion' }]);
  const chunk = await bridge.getChunk('a');
  assert.deepEqual([chunk.content, chunk.tags, chunk.quality_score, chunk.version], ['the right lion', ['t'], 0.75, 2]);
  assert.deepEqual((await bridge.history('a')).map((v) => v.content), ['the wrong zebra', 'the right lion']);
  assert.deepEqual(await bridge.searchSimilar('zebra'), []);
  assert.equal((await collect(bridge.listChunks())).length, 1);
  assert.equal((await bridge.getStats()).chunks, 1);
});

test('addFeedback says what is wrong', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'a', content: 'a' });
  await rejects(bridge.addFeedback({ chunk_id: 'b', kind: 'success' }), 'NOT_FOUND', /"b"/);
  await rejects(bridge.addFeedback({ chunk_id: 'a', kind: 'rating' }), 'INVALID_ARGUMENT', /rating/);
  await rejects(bridge.addFeedback({ chunk_id: 'a', kind: 'good' }), 'INVALID_ARGUMENT', /success/);
  await rejects(bridge.addFeedback({ chunk_id: 'a', kind: 'success', ratign: 1 }), 'INVALID_ARGUMENT', /rating/);
  await rejects(bridge.addFeedback([{ chunk_id: 'a', kind: 'success' }, 3]), 'INVALID_ARGUMENT', /feedback\.1/);
  await rejects(bridge.addFeedback(), 'INVALID_ARGUMENT', /feedback/);
  await rejects(bridge.addFeedback({ chunk_id: 'a', kind: 'success' }, { signal: AbortSignal.abort() }), 'ABORTED');
  await rejects(bridge.trainIncremental([{ query: 'x', preferred: 'a', rejected: 'a' }]), 'INVALID_ARGUMENT', /two chunks/);
  await rejects(bridge.trainIncremental([], { protection: -1 }), 'INVALID_ARGUMENT', /protection/);
});

test('training moves what is wanted up, is measured, survives a reopen, and can be left out', async (t) => {
  const memory_path = folder();
  const first = await FluoriteBridge.open({ memory_path, enable_ml: false });
  const chunks = Array.from({ length: 40 }, (_, i) => ({
    id: `c${i}`,
    content: `topic${i % 10} retry request backoff ${i % 2 ? '' : 'and more words beside them that say little'}`,
    tags: i % 2 ? [] : ['wanted'],
  }));
  await first.storeChunks(chunks);
  const feedback = [];
  for (let topic = 0; topic < 9; topic++) {
    for (const [i, c] of chunks.entries()) {
      if (i % 10 !== topic && i % 10 !== topic + 1) continue;
      feedback.push({ chunk_id: c.id, query: `topic${topic} retry request`, kind: i % 2 ? 'failure' : 'success', domain: 'http' });
    }
  }
  await first.addFeedback(feedback);
  const before = (await first.searchSimilar('topic9 backoff')).map((h) => h.id);
  const seen = [];
  const report = await first.trainIncremental(undefined, { on_progress: (p) => seen.push(p.phase) });
  assert.ok(report.applied && report.accuracy_after > report.accuracy_before, JSON.stringify(report));
  assert.deepEqual([report.events, report.domains.length, report.domains[0].domain], [feedback.length, 1, 'http']);
  assert.ok(seen.length > 0 && seen.every((phase) => ['train', 'known_items'].includes(phase)), seen.join());
  await first.shutdown();

  const second = await FluoriteBridge.open({ memory_path, enable_ml: false });
  t.after(() => second.shutdown());
  const hits = await second.searchSimilar('topic9 backoff', { limit: 5, explain: true, domain: 'http' });
  assert.ok(hits.every((h) => h.tags.includes('wanted') && h.explain.learned > 0), JSON.stringify(hits.map((h) => h.id)));
  // what is wanted is not what the query names: no other search is ranked by it, and the report says why
  const { shared } = report.domains[0];
  assert.ok(shared.taken === 'none' && /headline/.test(shared.reason), JSON.stringify(shared));
  assert.ok(shared.rejected.hit_at_10 < shared.kept.hit_at_10 && shared.kept.hit_at_10 === shared.bundled.hit_at_10, JSON.stringify(shared));
  assert.equal((await second.getLearningStats()).feedback.domains[0].shared, 'none');
  for (const options of [{}, { domain: 'unheard of' }, { learned: false, domain: 'http' }]) {
    assert.deepEqual((await second.searchSimilar('topic9 backoff', options)).map((h) => h.id), before);
  }
});
