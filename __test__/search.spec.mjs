import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { hashEmbedder } from '../testing/index.js';
import { folder, open, rejects, vector } from './helpers.mjs';

const CHUNKS = [
  { id: 'hono', content: 'A Hono server with middleware for authentication', frameworks: ['hono'], tags: ['auth'], language: 'typescript', quality_score: 0.9 },
  { id: 'next', content: 'Next.js pages that render on the server', frameworks: ['nextjs'], tags: ['ssr'], language: 'typescript', quality_score: 0.7 },
  { id: 'laravel', content: 'Laravel queue workers and retries', frameworks: ['laravel'], tags: ['queue'], language: 'php', quality_score: 0.3, namespace: 'php' },
  { id: 'both', content: 'Hono behind Next.js as a backend for the frontend', frameworks: ['hono', 'nextjs'], tags: ['bff'], source: 'src/bff.ts', metadata: { team: 'web' } },
];

test('words find, best first, scores between 0 and 1', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(CHUNKS);
  const hits = await bridge.searchSimilar('queue workers', 10);
  assert.equal(hits[0].id, 'laravel');
  for (const hit of hits) assert.ok(hit.score >= 0 && hit.score <= 1);
  assert.deepEqual(hits.map((h) => h.score), hits.map((h) => h.score).slice().sort((a, b) => b - a));
  assert.equal(hits[0].content, CHUNKS[2].content);
  assert.equal(hits[0].similarity, null);
  assert.ok(hits[0].lexical_score > 0);
});

test('a just stored chunk is found, a deleted or older one is not', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'x', content: 'zebra crossing' });
  assert.deepEqual((await bridge.searchSimilar('zebra')).map((h) => h.id), ['x']);
  await bridge.storeChunk({ id: 'x', content: 'lion' });
  assert.deepEqual(await bridge.searchSimilar('zebra'), []);
  await bridge.deleteChunk('x');
  assert.deepEqual(await bridge.searchSimilar('lion'), []);
});

test('limit as number or option, offset', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(Array.from({ length: 30 }, (_, i) => ({ id: `w${i}`, content: `common word number${i}` })));
  assert.equal((await bridge.searchSimilar('common word')).length, 10);
  assert.equal((await bridge.searchSimilar('common word', 7)).length, 7);
  const all = await bridge.searchSimilar('common word', { limit: 20 });
  const rest = await bridge.searchSimilar('common word', { limit: 10, offset: 10 });
  assert.deepEqual(rest.map((h) => h.id), all.slice(10).map((h) => h.id));
  for (const limit of [0, -1, 1_001, 1.5, NaN]) await rejects(bridge.searchSimilar('common', limit), 'INVALID_ARGUMENT', /limit/);
});

test('fields: none, some, all', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(CHUNKS);
  const [bare] = await bridge.searchSimilar('queue workers', { fields: [] });
  assert.deepEqual(Object.keys(bare), ['id', 'score']);
  const [some] = await bridge.searchSimilar('queue workers', { fields: ['tags', 'namespace'] });
  assert.deepEqual([some.id, some.tags, some.namespace, some.content], ['laravel', ['queue'], 'php', undefined]);
  await rejects(bridge.searchSimilar('x', { fields: ['contnet'] }), 'INVALID_ARGUMENT', /contnet/);
});

test('filters by namespace, sets, language, quality, metadata and time', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(CHUNKS);
  const found = async (filter) => (await bridge.searchSimilar('server backend queue hono next laravel', { limit: 10, filter })).map((h) => h.id).sort();
  assert.deepEqual(await found({}), ['both', 'hono', 'laravel', 'next']);
  assert.deepEqual(await found({ namespace: 'php' }), ['laravel']);
  assert.deepEqual(await found({ frameworks: { any: ['hono'] } }), ['both', 'hono']);
  assert.deepEqual(await found({ frameworks: { all: ['hono', 'nextjs'] } }), ['both']);
  assert.deepEqual(await found({ frameworks: { none: ['hono'] } }), ['laravel', 'next']);
  assert.deepEqual(await found({ tags: { any: ['auth', 'ssr'] } }), ['hono', 'next']);
  assert.deepEqual(await found({ language: ['php'] }), ['laravel']);
  assert.deepEqual(await found({ source: ['src/bff.ts'] }), ['both']);
  assert.deepEqual(await found({ minQuality: 0.6 }), ['hono', 'next']);
  assert.deepEqual(await found({ metadata: { team: 'web' } }), ['both']);
  assert.deepEqual(await found({ created_after: new Date(Date.now() + 60_000) }), []);
  assert.deepEqual(await found({ created_before: Date.now() + 60_000 }), ['both', 'hono', 'laravel', 'next']);
});

test('searchMany answers as single searches do', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(CHUNKS);
  const queries = ['queue workers', 'middleware authentication', 'render pages'];
  const many = await bridge.searchMany(queries, { limit: 2 });
  for (const [i, query] of queries.entries()) assert.deepEqual(many[i].map((h) => h.id), (await bridge.searchSimilar(query, 2)).map((h) => h.id));
  assert.deepEqual(await bridge.searchMany([]), []);
});

test('explain names the parts of the score', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(CHUNKS);
  const [hit] = await bridge.searchSimilar('queue', { explain: true });
  assert.equal(typeof hit.explain, 'object');
  for (const part of Object.values(hit.explain)) assert.equal(typeof part, 'number');
});

test('vector search: exact and index agree, cosine as score', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(Array.from({ length: 500 }, (_, i) => ({ id: `v${i}`, content: `v ${i}`, embedding: vector(i + 1) })));
  const query = vector(77);
  const quick = await bridge.searchSimilar(query, { limit: 10, fields: [] });
  const exact = await bridge.searchSimilar(query, { limit: 10, fields: [], exact: true });
  assert.deepEqual(quick.map((h) => h.id), exact.map((h) => h.id));
  assert.equal(quick[0].id, 'v76');
});

test('with the model: meaning finds what words do not; vectors are unit length and deterministic', async (t) => {
  const bridge = await FluoriteBridge.open({ memory_path: folder() });
  t.after(() => bridge.shutdown());
  await bridge.storeChunks([
    { id: 'cat', content: 'A kitten sleeps on the sofa' },
    { id: 'db', content: 'Transactions and indexes of a relational database' },
    { id: 'css', content: 'Centering a box with flexbox' },
  ]);
  const [hit] = await bridge.searchSimilar('SQL storage engine', { mode: 'vector' });
  assert.equal(hit.id, 'db');
  const [a, b] = await bridge.generateEmbeddings(['A kitten sleeps', 'A kitten sleeps']);
  assert.ok(a instanceof Float32Array && a.length === 384);
  assert.deepEqual(a, b);
  assert.ok(Math.abs(Math.hypot(...a) - 1) < 1e-4);
  assert.deepEqual(await bridge.generateEmbedding('A kitten sleeps'), a);
  assert.ok(bridge.countTokens('A kitten sleeps') >= 3);
  assert.deepEqual(await bridge.generateEmbeddings([]), []);
});

test('embed background: words at once, vectors after flush', async (t) => {
  const bridge = await FluoriteBridge.open({ memory_path: folder() });
  t.after(() => bridge.shutdown());
  await bridge.storeChunks(CHUNKS, { embed: 'background' });
  assert.equal((await bridge.searchSimilar('queue workers', { mode: 'lexical' }))[0].id, 'laravel');
  await bridge.flush({ embedded: true });
  const stats = await bridge.getStats();
  assert.deepEqual([stats.pending, stats.vectors], [0, CHUNKS.length]);
});

test('without the model, embedding says what to do', async (t) => {
  const bridge = await open(t);
  await rejects(bridge.generateEmbedding('x'), ['MODEL_NOT_FOUND', 'EMBEDDING_FAILED', 'INVALID_ARGUMENT']);
});

test('the one chunk of a small store that has the word comes first, though the model puts another a little nearer', async (t) => {
  const near = { key: 1, 'A knows B': 0.3, 'The deploy key rotates on Mondays': 0.24, 'Bob works at Acme': 0.1, 'The database is called zebra': 0.05, 'Alice prefers tabs': 0 };
  const embed = async (texts) =>
    texts.map((text) => {
      const vector = new Float32Array(384);
      vector[0] = near[text];
      vector[1 + Object.keys(near).indexOf(text)] = Math.sqrt(1 - near[text] ** 2);
      return vector;
    });
  const bridge = await open(t, { enable_ml: true, ml: { embedder: { model_id: 'near@1', dimensions: 384, embed } } });
  await bridge.storeChunks(Object.keys(near).filter((text) => text !== 'key').map((content) => ({ content })));
  const hits = await bridge.searchSimilar('key', 2);
  assert.deepEqual(hits.map((h) => h.content), ['The deploy key rotates on Mondays', 'A knows B']);
  assert.ok(hits[0].similarity < hits[1].similarity);
});

test('a query that says nothing is refused by every call that takes one, with words and with meaning', async (t) => {
  const blank = ['', ' ', '\t\n\r', '\u3000', '\u200b\ufeff', '\u2060 \ufe0f', '\u0000', '\u{e0067}', '\u2800'];
  for (const config of [{}, { enable_ml: true, ml: { embedder: hashEmbedder() } }]) {
    const bridge = await open(t, config);
    await bridge.storeChunks(CHUNKS);
    for (const query of blank) {
      await rejects(bridge.searchSimilar(query), 'INVALID_ARGUMENT', /^query is blank .*: say in words/);
      await rejects(bridge.searchSimilar(query, { filter: { namespace: 'php' } }), 'INVALID_ARGUMENT', /blank/);
      await rejects(bridge.searchMany(['hono', query]), 'INVALID_ARGUMENT', /^queries\.1 is blank/);
      await rejects(bridge.buildContext(query, { budget_tokens: 100 }), 'INVALID_ARGUMENT', /^query is blank/);
      await rejects(bridge.semanticSearch(query, ['a', 'b']), 'INVALID_ARGUMENT', /^query is blank/);
      await rejects(bridge.addFeedback({ chunk_id: 'hono', kind: 'success', query }), 'INVALID_ARGUMENT', /query must be/);
    }
    // what has no word of its own is no blank: it finds nothing, or by meaning
    for (const query of ['?', '🙂', '👩\u200d💻', '認証', '*', '0']) assert.ok(Array.isArray(await bridge.searchSimilar(query)), query);
    assert.deepEqual(await bridge.searchMany([]), []);
  }
});
