// Text queries: ranking, its options, namespaces, hostile queries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './helpers.mjs';

const TOPICS = ['cache', 'login', 'payment', 'upload', 'search', 'queue', 'invoice', 'retry', 'session', 'token'];

/** Chunks of ten topics; `at` shifts what they say. */
function chunks(namespace, at, count) {
  return Array.from({ length: count }, (_, i) => {
    const topic = TOPICS[(i * 7 + at) % TOPICS.length];
    const other = TOPICS[(i * 3 + at + 1) % TOPICS.length];
    return { id: `${i}`, namespace, source: `src/${topic}_${i % 5}.ts`, content: `The ${topic} handler number ${i} keeps a ${other} for ${i % 9} minutes and then drops the ${topic}.` };
  });
}

for (const enable_ml of [false, true]) {
  test(`a namespace ranks as a store of its own; ${enable_ml ? 'with' : 'without'} the model`, async (t) => {
    const [both, alone] = [await open(t, { enable_ml }), await open(t, { enable_ml })];
    await both.storeChunks(chunks('a', 0, 60));
    await both.storeChunks(chunks('b', 4, 90));
    await alone.storeChunks(chunks('b', 4, 90));
    const shape = (hits) => hits.map((h) => [h.id, h.score, h.similarity, h.lexical_score]);
    for (const query of ['drop the login after some minutes', 'invoice', 'PaymentHandler', 'キャッシュの期限']) {
      const options = { limit: 20, filter: { namespace: 'b' } };
      assert.deepEqual(shape(await both.searchSimilar(query, options)), shape(await alone.searchSimilar(query, options)), query);
    }
  });
}

test('software terms of other languages are searched in English', async (t) => {
  const bridge = await open(t, { enable_ml: false });
  await bridge.storeChunks([{ id: 'auth', content: 'authentication with a session' }, { id: 'cache', content: 'cache entries expire' }]);
  for (const [query, id] of [['認証の実装', 'auth'], ['인증 추가', 'auth'], ['缓存', 'cache'], ['キャッシュ', 'cache']]) {
    assert.equal((await bridge.searchSimilar(query))[0]?.id, id, query);
  }
});

test('own terms come before those of the lexicon', async (t) => {
  const bridge = await open(t, { enable_ml: false, memory: { lexicon: { 帳票: 'ledgerSheet', 認証: 'badge' } } });
  await bridge.storeChunks([{ id: 'sheet', content: 'class LedgerSheet' }, { id: 'badge', content: 'the badge at the door' }, { id: 'auth', content: 'authentication' }]);
  for (const [query, id] of [['帳票の出力', 'sheet'], ['認証', 'badge']]) assert.equal((await bridge.searchSimilar(query))[0]?.id, id, query);
  for (const lexicon of [{ report: '帳票' }, { 帳票: '' }, { 帳票: 7 }]) {
    await assert.rejects(open(t, { memory: { lexicon } }), (e) => e.code === 'INVALID_CONFIG' && e.message.includes('lexicon'), JSON.stringify(lexicon));
  }
});

test('rerank: false is plain BM25; signals show in explain', async (t) => {
  const bridge = await open(t, { enable_ml: false });
  await bridge.storeChunks([
    { id: 'use', content: 'let h = parse_header(bytes); parse_header(other)', source: 'src/main.rs' },
    { id: 'definition', content: 'pub fn parse_header(bytes: &[u8]) -> Header { todo(bytes) }', source: 'src/header.rs' },
    { id: 'test', content: 'parse_header(b"x"); parse_header(b"y")', source: 'tests/header.rs' },
  ]);
  const [first] = await bridge.searchSimilar('parse_header', { explain: true });
  assert.equal(first.id, 'definition');
  assert.ok(first.explain.definition > 0 && first.explain.rank_value !== undefined, JSON.stringify(first.explain));
  const plain = await bridge.searchSimilar('parse_header', { rerank: false });
  assert.ok(plain.every((h) => h.score === h.lexical_score));
  assert.notEqual(plain[0].id, 'definition');
});

test('a piece of a file is found by what its metadata says of its place', async (t) => {
  const bridge = await open(t, { enable_ml: false });
  const pieces = {
    symbols: [{ name: 'parseHeader', kind: 'function' }], scope: ['HttpReader'], headings: ['Wire protocol'],
    path: 'src/transport/frames.rs', context: 'Reassembles datagrams.', name: 'Defragmenter',
  };
  await bridge.storeChunks([
    { id: '1', content: 'x + y' },
    ...Object.entries(pieces).map(([key, value], i) => ({ id: `${i + 2}`, content: 'x + y', metadata: { [key]: value } })),
  ]);
  const found = { symbols: 'parse header', scope: 'http reader', headings: 'wire protocols', path: 'transport frames', context: 'reassemble a datagram', name: 'defragmenter' };
  for (const [key, query] of Object.entries(found)) {
    assert.equal((await bridge.searchSimilar(query))[0].id, `${Object.keys(pieces).indexOf(key) + 2}`, key);
  }
});

test('the vector of a piece is made of its place and its content', async (t) => {
  const bridge = await open(t, { enable_ml: true });
  const content = 'self.0.fetch_add(1, Ordering::Relaxed)';
  await bridge.storeChunk({ id: 'bare', content, metadata: { line: 3 } });
  await bridge.storeChunk({ id: 'piece', content, metadata: { path: 'src/invoice.rs', context: 'Numbers of invoices.', scope: ['Counter'] } });
  await bridge.storeChunk({ id: 'later', content, metadata: { path: 'src/invoice.rs', context: 'Numbers of invoices.', scope: ['Counter'] } }, { embed: 'background' });
  await bridge.flush({ embedded: true });
  const similarities = async (text) => Object.fromEntries((await bridge.searchSimilar(text, { mode: 'vector', exact: true })).map((h) => [h.id, h.similarity]));
  const told = await similarities(`src/invoice.rs: Numbers of invoices. Counter\n${content}`);
  assert.ok(told.piece > 0.999 && told.later > 0.999 && told.bare < 0.95, JSON.stringify(told));
  assert.ok((await similarities(content)).bare > 0.999);
});

test('turns of a session lift each other; what is tagged generated comes later', async (t) => {
  const bridge = await open(t, { enable_ml: false });
  const turn = (id, session_id, turn, content) => ({ id, content, chunk_type: 'conversation', metadata: { session_id, turn } });
  await bridge.storeChunks([
    turn('best', 'a', 1, 'the lake trip with the blue canoe and the lake house'),
    turn('alone', 'b', 1, 'the canoe was painted'), // as good by itself, and earlier: ties would go to it
    turn('same session', 'a', 20, 'the canoe was rented'),
    { id: 'made', content: 'sort a list of numbers', tags: ['Generated'] },
    { id: 'written', content: 'sort a list of numbers quickly and well' },
  ]);
  const hits = await bridge.searchSimilar('lake trip canoe', { explain: true });
  assert.deepEqual(hits.slice(0, 3).map((h) => h.id), ['best', 'same session', 'alone']);
  assert.ok(hits[1].explain.session > 0 && hits[2].explain.session === undefined, JSON.stringify(hits[1].explain));
  assert.deepEqual((await bridge.searchSimilar('sort a list of numbers')).map((h) => h.id), ['written', 'made']);
});

test('mmr_lambda brings what differs forward', async (t) => {
  const bridge = await open(t, { enable_ml: false });
  const near = (x) => Float32Array.from([1, x, 0]);
  await bridge.storeChunks([
    { id: 'a', content: 'one', embedding: near(0) },
    { id: 'b', content: 'two', embedding: near(0.01) },
    { id: 'c', content: 'three', embedding: Float32Array.from([0.8, 0, 0.6]) },
  ]);
  const ids = async (o) => (await bridge.searchSimilar(Float32Array.from([1, 0, 0.3]), { limit: 2, ...o })).map((h) => h.id);
  assert.deepEqual(await ids({}), ['a', 'b']);
  assert.deepEqual(await ids({ mmr_lambda: 0.5 }), ['a', 'c']);
  assert.deepEqual(await ids({ mmrLambda: 1 }), ['a', 'b']);
  for (const mmr_lambda of [-0.1, 1.1, NaN]) await assert.rejects(bridge.searchSimilar(near(0), { mmr_lambda }), { code: 'INVALID_ARGUMENT' });
});

test('found by both legs once stored, never again once replaced or deleted', async (t) => {
  const bridge = await open(t, { enable_ml: true });
  const ids = async (query, mode) => (await bridge.searchSimilar(query, { mode })).map((h) => h.id);
  for (const mode of ['lexical', 'vector', 'hybrid']) {
    await bridge.storeChunk({ id: 'x', content: 'zebras graze on the savanna' });
    assert.deepEqual(await ids('zebras graze on the savanna', mode), ['x'], mode);
    await bridge.storeChunk({ id: 'x', content: 'accounting rules for invoices' });
    const [hit] = await bridge.searchSimilar('zebras graze on the savanna', { mode, min_score: 0 });
    assert.ok(hit === undefined || hit.content === 'accounting rules for invoices', mode);
    await bridge.deleteChunk('x');
    assert.deepEqual(await ids('accounting rules for invoices', mode), [], mode);
  }
});

test('hostile queries are answered or refused', async (t) => {
  const bridge = await open(t, { enable_ml: false });
  await bridge.storeChunks(chunks('default', 0, 50));
  await assert.rejects(bridge.searchSimilar('x'.repeat(10 << 20)), { code: 'INVALID_ARGUMENT', message: /limit is 65536/ });
  await assert.rejects(bridge.searchSimilar('\u0000\u0001\u0007'), { code: 'INVALID_ARGUMENT', message: /query is blank/ });
  const distinct = Array.from({ length: 10_000 }, (_, i) => `t${i.toString(36)}`).join(' ');
  for (const query of ['!'.repeat(60_000), '+-*/"\'()[]{}~^:\\ AND OR NOT', '\u0000\u0001 x\u0007', distinct.slice(0, 65_000), '認'.repeat(20_000), '(((('.repeat(10_000)]) {
    assert.ok(Array.isArray(await bridge.searchSimilar(query)));
  }
});
