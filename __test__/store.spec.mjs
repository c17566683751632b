import assert from 'node:assert/strict';
import { test } from 'node:test';

import { open, rejects, vector } from './helpers.mjs';

test('every field comes back, in either spelling', async (t) => {
  const bridge = await open(t);
  const id = await bridge.storeChunk({
    id: 'full', content: 'Ünïcode ✓ 日本語 🌍', frameworks: ['nextjs', 'hono'], tags: ['bff'], qualityScore: 0.8, chunkType: 'best_practice',
    memory_type: 'semantic', language: 'typescript', source: 'src/app.ts', namespace: 'team', pinned: true, ttl_seconds: 3600,
    metadata: { camelKey: 1, deep: [null, { a: 'b' }], when: new Date(0), __proto__x: true },
  });
  assert.equal(id, 'full');
  const chunk = await bridge.getChunk('full', { namespace: 'team' });
  const { created_at, updated_at, accessed_at, expires_at, content_hash, usage_count, ...rest } = chunk;
  assert.deepEqual(rest, {
    id: 'full', content: 'Ünïcode ✓ 日本語 🌍', frameworks: ['nextjs', 'hono'], tags: ['bff'], quality_score: 0.8, chunk_type: 'best_practice',
    memory_type: 'semantic', language: 'typescript', source: 'src/app.ts', namespace: 'team', pinned: true, version: 1,
    metadata: { camelKey: 1, deep: [null, { a: 'b' }], when: '1970-01-01T00:00:00.000Z', __proto__x: true },
  });
  for (const time of [created_at, updated_at, accessed_at, expires_at]) assert.equal(new Date(time).toISOString(), time);
  assert.equal(Math.round((Date.parse(expires_at) - Date.parse(created_at)) / 1000), 3600);
  assert.match(content_hash, /^[0-9a-f]{32}$/);
  assert.equal(typeof usage_count, 'number');
  assert.equal(await bridge.getChunk('full'), null, 'ids are unique per namespace');
});

test('defaults are those of the documentation', async (t) => {
  const bridge = await open(t);
  const id = await bridge.storeChunk({ content: 'plain' });
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  const chunk = await bridge.getChunk(id);
  assert.equal(chunk.quality_score, 0.5);
  assert.equal(chunk.chunk_type, 'component');
  assert.equal(chunk.memory_type, 'long_term');
  assert.equal(chunk.namespace, 'default');
  assert.deepEqual([chunk.frameworks, chunk.tags, chunk.metadata, chunk.language, chunk.expires_at], [[], [], {}, null, null]);
});

test('a key named __proto__ in metadata is data', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'p', content: 'x', metadata: JSON.parse('{"__proto__":{"polluted":1}}') });
  const { metadata } = await bridge.getChunk('p');
  assert.ok(Object.hasOwn(metadata, '__proto__'));
  assert.equal(metadata.polluted, undefined);
  assert.equal({}.polluted, undefined);
});

test('bytes are kept exactly', async (t) => {
  const bridge = await open(t);
  const bytes = Buffer.from([0, 255, 254, 10, 128]);
  await bridge.storeChunk({ id: 'b', content: bytes });
  assert.deepEqual(await bridge.getContentBuffer('b'), bytes);
  assert.equal((await bridge.getChunk('b')).content, bytes.toString('utf8'));
  assert.equal(await bridge.getContentBuffer('none'), null);
});

test('text is kept exactly: empty, long, U+FFFD, NUL', async (t) => {
  const bridge = await open(t);
  for (const [i, content] of ['x'.repeat(70_000), 'é'.repeat(40_000), '\ufffd', 'a\0b', '🌍'.repeat(20_000)].entries()) {
    await bridge.storeChunk({ id: `t${i}`, content });
    assert.equal((await bridge.getChunk(`t${i}`)).content, content);
  }
  await bridge.storeChunk({ id: 'a\ufffd', content: 'its own id' });
  assert.equal(await bridge.getChunk('a'), null);
  assert.equal((await bridge.getChunk('a\ufffd')).content, 'its own id');
});

test('storing again is a new version; history has both', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'v', content: 'first' });
  await bridge.storeChunk({ id: 'v', content: 'second' });
  const chunk = await bridge.getChunk('v');
  assert.deepEqual([chunk.content, chunk.version], ['second', 2]);
  const history = await bridge.history('v');
  assert.deepEqual(history.map((c) => [c.content, c.version]), [['first', 1], ['second', 2]]);
  assert.equal('usage_count' in history[0], false);
  assert.deepEqual(await bridge.history('none'), []);
});

test('deleteChunk and deleteWhere', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(Array.from({ length: 20 }, (_, i) => ({ id: `d${i}`, content: `chunk ${i}`, tags: [i % 2 ? 'odd' : 'even'] })));
  assert.equal(await bridge.deleteChunk('d0'), true);
  assert.equal(await bridge.deleteChunk('d0'), false);
  assert.equal(await bridge.getChunk('d0'), null);
  assert.equal(await bridge.deleteWhere({ tags: { any: ['odd'] } }), 10);
  await rejects(bridge.deleteWhere({}), 'INVALID_ARGUMENT', /all: true/);
  assert.equal(await bridge.deleteWhere({}, { all: true }), 9);
  assert.equal((await bridge.getStats()).chunks, 0);
});

test('getChunks keeps the order and says null where there is none', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks([{ id: 'a', content: 'A' }, { id: 'b', content: 'B' }]);
  const got = await bridge.getChunks(['b', 'none', 'a', 'b']);
  assert.deepEqual(got.map((c) => c?.content ?? null), ['B', null, 'A', 'B']);
  assert.deepEqual(await bridge.getChunks([]), []);
});

test('listChunks goes over all pages', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(Array.from({ length: 1_500 }, (_, i) => ({ id: `l${String(i).padStart(4, '0')}`, content: `chunk ${i}` })));
  const ids = [];
  for await (const chunk of bridge.listChunks({ order: 'id' })) ids.push(chunk.id);
  assert.equal(ids.length, 1_500);
  assert.deepEqual(ids, ids.toSorted());
  const some = [];
  for await (const chunk of bridge.listChunks({ order: 'id', after: 'l0009', limit: 5 })) some.push(chunk.id);
  assert.deepEqual(some, ['l0010', 'l0011', 'l0012', 'l0013', 'l0014']);
});

test('on_error collect stores the good ones and lists the others', async (t) => {
  const bridge = await open(t, { memory: { max_chunk_size: 1_000 } });
  const result = await bridge.storeChunks(
    [{ id: 'good', content: 'x' }, { content: 3 }, { id: '', content: 'x' }, null, { id: 'big', content: 'x'.repeat(2_000) }, { id: 'also', content: 'y' }],
    { on_error: 'collect' },
  );
  assert.deepEqual(result.ids, ['good', null, null, null, null, 'also']);
  assert.equal(result.stored, 2);
  assert.deepEqual(result.failed.map((f) => [f.index, f.code]), [[1, 'INVALID_ARGUMENT'], [2, 'INVALID_ID'], [3, 'INVALID_ARGUMENT'], [4, 'CHUNK_TOO_LARGE']]);
});

test('positions of failures count over slices', async (t) => {
  const bridge = await open(t);
  const chunks = Array.from({ length: 300 }, (_, i) => ({ id: `s${i}`, content: i === 250 ? 7 : 'x' }));
  const { failed, stored } = await bridge.storeChunks(chunks, { onError: 'collect' });
  assert.deepEqual([failed.length, failed[0].index, stored], [1, 250, 299]);
  await rejects(bridge.storeChunks(chunks), 'INVALID_ARGUMENT', /250/);
});

test('atomic is all or none', async (t) => {
  const bridge = await open(t);
  const chunks = Array.from({ length: 500 }, (_, i) => ({ id: `a${i}`, content: i === 499 ? 7 : 'x' }));
  await rejects(bridge.storeChunks(chunks, { atomic: true }), 'INVALID_ARGUMENT');
  assert.equal((await bridge.getStats()).chunks, 0);
  chunks[499].content = 'x';
  assert.equal((await bridge.storeChunks(chunks, { atomic: true })).stored, 500);
  await rejects(bridge.storeChunks(Array.from({ length: 10_001 }, () => ({ content: 'x' })), { atomic: true }), 'INVALID_ARGUMENT');
});

test('supplied vectors are searched, wrong ones refused', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks([1, 2, 3].map((i) => ({ id: `v${i}`, content: `vector ${i}`, embedding: vector(i) })));
  const [best] = await bridge.searchSimilar(vector(2), 3);
  assert.equal(best.id, 'v2');
  assert.ok(best.similarity > 0.999);
  await rejects(bridge.storeChunk({ content: 'x', embedding: new Float32Array(3).fill(1) }), 'DIMENSION_MISMATCH');
  await rejects(bridge.storeChunk({ content: 'x', embedding: new Float32Array(384) }), ['DIMENSION_MISMATCH', 'INVALID_ARGUMENT']);
  await rejects(bridge.storeChunk({ content: 'x', embedding: new Float32Array(384).fill(NaN) }), ['DIMENSION_MISMATCH', 'INVALID_ARGUMENT']);
});

test('the order of calls is the order of effects', async (t) => {
  const bridge = await open(t);
  await Promise.all(Array.from({ length: 64 }, (_, i) => bridge.storeChunk({ id: 'one', content: `write ${i}` })));
  const chunk = await bridge.getChunk('one');
  assert.deepEqual([chunk.content, chunk.version], ['write 63', 64]);
});

test('flush, verify and optimize resolve with their reports', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ content: 'x' }, { durability: 'buffered' });
  await bridge.flush();
  const report = await bridge.verify();
  assert.equal(report.ok, true);
  assert.ok(report.records >= 1);
  assert.ok((await bridge.optimize()).bytes_after > 0);
});

test('dates in metadata become what toISOString writes', async (t) => {
  const bridge = await open(t);
  const times = [0, -1, 951_782_400_000, 1_709_164_799_999, 4_107_542_400_000, -62_167_219_200_000, 253_402_300_799_999, 68_256_000_000];
  const dates = times.map((ms) => new Date(ms));
  await bridge.storeChunk({ id: 'dates', content: 'x', metadata: { dates } });
  assert.deepEqual((await bridge.getChunk('dates')).metadata.dates, dates.map((d) => d.toISOString()));
});

test('atomic stores all or none, also with on_error: collect', async (t) => {
  const bridge = await open(t);
  const chunks = [{ id: 'good', content: 'x' }, { id: 'bad', content: 'x', quality_score: 5 }];
  await rejects(bridge.storeChunks(chunks, { atomic: true, on_error: 'collect' }), ['INVALID_ARGUMENT']);
  assert.equal(await bridge.getChunk('good'), null);
});

test('storing again what a listing yields does not prolong it', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(Array.from({ length: 300 }, (_, i) => ({ id: `l${i}`, content: 'x' })));
  let seen = 0;
  for await (const { id, content } of bridge.listChunks()) {
    await bridge.storeChunk({ id, content, tags: ['seen'] });
    assert.ok(++seen <= 300, 'a chunk came twice');
  }
  assert.equal(seen, 300);
});

test('supplied vectors bind the store only while there are any', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'v', content: 'x', embedding: new Float32Array([1, 2]) });
  await rejects(bridge.storeChunk({ id: 'w', content: 'x', embedding: new Float32Array([1, 2, 3]) }), ['DIMENSION_MISMATCH']);
  await bridge.deleteChunk('v');
  await bridge.storeChunk({ id: 'w', content: 'x', embedding: new Float32Array([1, 2, 3]) });
  assert.equal((await bridge.searchSimilar(new Float32Array([1, 2, 3])))[0].id, 'w');
});
