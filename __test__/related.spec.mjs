// findRelated and semanticSearch.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { open, rejects, vector } from './helpers.mjs';

const TEXTS = [
  { id: 'cat', content: 'A kitten sleeps on the sofa' },
  { id: 'db', content: 'Transactions and indexes of a relational database' },
  { id: 'sql', content: 'Joining two tables with SQL' },
  { id: 'dog', content: 'A puppy naps on the couch' },
  { id: 'pets', content: 'Cats and dogs that sleep', namespace: 'pets' },
];

test('findRelated: the nearest by meaning, without itself, in the namespace of the chunk', async (t) => {
  const bridge = await open(t, { enable_ml: true });
  await bridge.storeChunks(TEXTS);
  await bridge.storeChunk({ id: 'cat', content: 'A kitten sleeps on the big sofa' }); // a second version: the first is never a hit
  const hits = await bridge.findRelated('cat');
  assert.deepEqual(hits.map((h) => h.id).toSorted(), ['db', 'dog', 'sql']);
  assert.equal(hits[0].id, 'dog');
  assert.equal(hits[0].content, TEXTS[3].content);
  assert.ok(hits[0].score === hits[0].similarity && hits[0].lexical_score === null);
  assert.deepEqual((await bridge.findRelated('cat', { filter: { namespace: 'pets' } })).map((h) => h.id), ['pets']);
  const [bare] = await bridge.findRelated('pets', { namespace: 'pets', filter: { namespace: 'default' }, limit: 1, fields: [] });
  assert.deepEqual(Object.keys(bare), ['id', 'score']);
  assert.ok(['cat', 'dog'].includes(bare.id));
  assert.deepEqual(await bridge.findRelated('pets', { namespace: 'pets' }), []);
  const [both] = await bridge.findRelated('db', { mode: 'hybrid', explain: true });
  assert.ok(both.similarity !== null && both.explain.similarity !== undefined);
});

test('findRelated: by words without a vector, by a supplied vector without the model', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks([
    ...Array.from({ length: 20 }, (_, i) => ({ id: `noise${i}`, content: `function that returns value ${i}` })),
    { id: 'origin', content: 'function that returns the zebra crossing value' },
    { id: 'zebra', content: 'zebra stripes' },
  ]);
  assert.equal((await bridge.findRelated('origin'))[0].id, 'zebra');
  await rejects(bridge.findRelated('origin', { mode: 'vector' }), 'INVALID_ARGUMENT', /no vector/);
  await bridge.storeChunks(['a', 'b', 'c'].map((id, i) => ({ id, content: id, namespace: 'v', embedding: vector(i === 2 ? 1 : i + 1) })));
  assert.equal((await bridge.findRelated('a', { namespace: 'v' }))[0].id, 'c');
});

test('findRelated: by words while vectors may be pending, by meaning once they are there', async (t) => {
  const bridge = await open(t, { enable_ml: true });
  await bridge.storeChunks([{ id: 'a', content: 'zebra stripes' }, { id: 'b', content: 'zebra crossing' }], { embed: 'background' });
  assert.deepEqual((await bridge.findRelated('a', { mode: 'lexical' })).map((h) => h.id), ['b']);
  await bridge.flush({ embedded: true });
  assert.notEqual((await bridge.findRelated('a'))[0].similarity, null);
});

test('findRelated says what is wrong', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'a', content: 'a' });
  await rejects(bridge.findRelated('b'), 'NOT_FOUND', /"b"/);
  await rejects(bridge.findRelated('a', { namespace: 'other' }), 'NOT_FOUND', /other/);
  await rejects(bridge.findRelated(''), 'INVALID_ID');
  await rejects(bridge.findRelated('a', { namespace: '' }), 'INVALID_ARGUMENT', /namespace/);
  await rejects(bridge.findRelated('a', { limit: 0 }), 'INVALID_ARGUMENT', /limit/);
  await rejects(bridge.findRelated('a', { limti: 1 }), 'INVALID_ARGUMENT', /limit/);
  await rejects(bridge.findRelated('a', { signal: AbortSignal.abort('why') }), 'ABORTED');
});

test('semanticSearch ranks texts and stores nothing', async (t) => {
  const bridge = await open(t, { enable_ml: true });
  const documents = TEXTS.map((c) => c.content);
  const ranked = await bridge.semanticSearch('SQL storage engine', documents);
  assert.equal(ranked.length, documents.length);
  assert.ok([1, 2].includes(ranked[0].document_index));
  for (const [i, r] of ranked.entries()) {
    assert.deepEqual(Object.keys(r).toSorted(), ['document_content', 'document_index', 'similarity_score']);
    assert.equal(r.document_content, documents[r.document_index]);
    assert.ok(r.similarity_score >= 0 && r.similarity_score <= 1);
    assert.ok(i === 0 || r.similarity_score <= ranked[i - 1].similarity_score);
  }
  const [query, first] = await bridge.generateEmbeddings(['SQL storage engine', ranked[0].document_content]);
  assert.ok(Math.abs(query.reduce((sum, x, i) => sum + x * first[i], 0) - ranked[0].similarity_score) < 1e-5);
  assert.deepEqual(await bridge.semanticSearch('SQL storage engine', documents, 2), ranked.slice(0, 2));
  assert.deepEqual((await bridge.semanticSearch('x', ['x', 'y', 'x'], 3)).map((r) => r.document_index), [0, 2, 1]);
  assert.deepEqual(await bridge.semanticSearch('x', []), []);
  const stats = await bridge.getStats();
  assert.equal(stats.chunks, 0);
  assert.ok(stats.model.cache.hits >= documents.length, 'a second call embeds nothing again');
});

test('semanticSearch has limits and says so', async (t) => {
  const bridge = await open(t);
  await rejects(bridge.semanticSearch('x', ['y']), 'EMBEDDING_FAILED', /enable_ml/);
  await rejects(bridge.semanticSearch('x', new Array(10_001).fill('')), 'INVALID_ARGUMENT', /10000 texts/);
  await rejects(bridge.semanticSearch('x', ['y'.repeat(9e6), 'y'.repeat(9e6)]), 'INVALID_ARGUMENT', /bytes/);
  for (const top of [0, 1.5, -1, 10_001, '3', NaN]) await rejects(bridge.semanticSearch('x', ['y'], top), 'INVALID_ARGUMENT', /top_k/);
  await rejects(bridge.semanticSearch('x', ['y', 3]), 'INVALID_ARGUMENT', /documents\.1/);
  await rejects(bridge.semanticSearch('x', 'y'), 'INVALID_ARGUMENT', /documents/);
  await rejects(bridge.semanticSearch(['x'], ['y']), 'INVALID_ARGUMENT', /query/);
  await rejects(bridge.semanticSearch('x', ['y'], 1, { signal: AbortSignal.abort() }), 'ABORTED');
});

test('semanticSearch stops when it is aborted', async (t) => {
  const bridge = await open(t, { enable_ml: true });
  const abort = new AbortController();
  const running = bridge.semanticSearch('x', Array.from({ length: 2_000 }, (_, i) => `text ${i} ${'word '.repeat(200)}`), 10, { signal: abort.signal });
  abort.abort('enough');
  await rejects(running, 'ABORTED');
});
