// buildContext, and budget_tokens of searches.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { open, rejects, vector } from './helpers.mjs';

const lines = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `  const value${from + i} = compute(${from + i});`).join('\n');
const CHUNKS = [
  { id: 'auth-2', content: `function login(user) {\n${lines(22, 30)}\n}`, source: 'src/auth.ts', language: 'typescript', metadata: { start_line: 21, end_line: 31 } },
  { id: 'auth-1', content: 'import { login } from "./login";\nimport { retry } from "./retry";', source: 'src/auth.ts', language: 'typescript', metadata: { start_line: 1, end_line: 2 } },
  { id: 'readme', content: 'The login takes a user.\n\n```ts\nlogin(user)\n```', metadata: { path: 'README.md' } },
  { id: 'note', content: 'Remember: login is retried three times' },
];

/** Holds what every context promises. */
async function checked(bridge, query, options) {
  const context = await bridge.buildContext(query, options);
  assert.ok(context.tokens <= options.budget_tokens, `${context.tokens} of ${options.budget_tokens}`);
  assert.equal(context.tokens, context.text === '' ? 0 : bridge.countTokens(context.text));
  assert.deepEqual(context.chunk_ids, context.chunks.map((c) => c.id));
  assert.equal(new Set(context.chunks.map((c) => `${c.namespace}\0${c.id}`)).size, context.chunks.length);
  assert.deepEqual(await bridge.buildContext(query, options), context, 'the same again');
  return context;
}

for (const enable_ml of [false, true]) {
  test(`headings with provenance, fences, stable order; ${enable_ml ? 'with' : 'without'} the model`, async (t) => {
    const bridge = await open(t, { enable_ml });
    await bridge.storeChunks(CHUNKS);
    const context = await checked(bridge, 'login user', { budget_tokens: 1_000 });
    assert.deepEqual(context.chunk_ids, ['note', 'readme', 'auth-1', 'auth-2']);
    assert.ok(context.text.includes('## src/auth.ts:1-2 [auth-1]\n\n```typescript\nimport { login }'), context.text);
    assert.ok(context.text.includes('## README.md [readme]\n\n````\nThe login'), 'a fence longer than those inside');
    assert.ok(context.text.startsWith('## [note]\n\n```\nRemember'));
    const { score, tokens, ...auth } = context.chunks[3];
    assert.deepEqual(auth, { id: 'auth-2', namespace: 'default', path: 'src/auth.ts', start_line: 21, end_line: 31, truncated: false });
    assert.ok(score > 0 && score <= 1 && tokens > 50);
    const plain = await bridge.buildContext('login user', { budgetTokens: 1_000, format: 'plain' });
    assert.deepEqual(plain.chunk_ids, context.chunk_ids);
    assert.ok(plain.text.includes('--- src/auth.ts:1-2 [auth-1]\n\nimport { login }'), plain.text);
  });
}

test('any budget holds, order does not depend on scores', async (t) => {
  const bridge = await open(t, { enable_ml: true });
  await bridge.storeChunks(CHUNKS);
  for (const format of ['markdown', 'plain']) {
    for (const order of ['stable', 'relevance']) {
      for (let budget_tokens = 1; budget_tokens < 400; budget_tokens += 13) await checked(bridge, 'login user', { budget_tokens, format, order });
    }
  }
  const [one, other] = await Promise.all(['login user', 'retry three times'].map((q) => checked(bridge, q, { budget_tokens: 1_000 })));
  assert.equal(one.text, other.text);
  const ranked = await checked(bridge, 'retried three times', { budget_tokens: 1_000, order: 'relevance' });
  assert.equal(ranked.chunk_ids[0], 'note');
});

test('the best chunk is cut when it alone is too long; others are skipped', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'long', content: lines(1, 500), source: 'long.ts', metadata: { start_line: 1, end_line: 500 } });
  const cut = await checked(bridge, 'compute value1 value2', { budget_tokens: 300 });
  assert.equal(cut.chunks[0].truncated, true);
  assert.ok(cut.tokens > 250);
  const { end_line } = cut.chunks[0];
  assert.ok(cut.text.startsWith(`## long.ts:1-${end_line} [long] (truncated)\n`) && cut.text.includes(`compute(${end_line});\n\`\`\``), cut.text);
  await bridge.storeChunk({ id: 'short', content: 'compute value1 value2' });
  const skipped = await checked(bridge, 'compute value1 value2', { budget_tokens: 300 });
  assert.deepEqual([skipped.chunk_ids, skipped.chunks[0].truncated], [['short'], false]);
});

test('nothing is said twice', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks([
    { id: 'whole', content: 'zebra one\nzebra two\nzebra three', source: 'z', metadata: { start_line: 1, end_line: 3 } },
    { id: 'twin', content: 'zebra one\nzebra two\nzebra three', source: 'copy', namespace: 'other' },
    { id: 'part', content: '  zebra two' },
    { id: 'next', content: 'zebra three\nzebra four', source: 'z', metadata: { start_line: 3, end_line: 4 } },
  ]);
  const { text } = await checked(bridge, 'zebra', { budget_tokens: 500 });
  for (const line of ['one', 'two', 'three', 'four']) assert.equal(text.split(`zebra ${line}`).length, 2, `${line} in ${text}`);
});

test('nothing found is an empty text; filters and scores decide what counts', async (t) => {
  const bridge = await open(t);
  const empty = { text: '', tokens: 0, chunk_ids: [], chunks: [] };
  assert.deepEqual(await bridge.buildContext('login', { budget_tokens: 100 }), empty);
  await bridge.storeChunks(CHUNKS);
  assert.deepEqual(await bridge.buildContext('giraffe', { budget_tokens: 100 }), empty);
  assert.deepEqual(await bridge.buildContext('login', { budget_tokens: 1 }), empty);
  assert.deepEqual(await bridge.buildContext('login', { budget_tokens: 500, filter: { namespace: 'none' } }), empty);
  assert.deepEqual((await checked(bridge, 'login', { budget_tokens: 500, filter: { source: ['src/auth.ts'] } })).chunk_ids, ['auth-1', 'auth-2']);
  assert.deepEqual(await bridge.buildContext('login', { budget_tokens: 500, min_score: 1 }), empty);
  await bridge.storeChunks([{ id: 'bytes', content: Buffer.from([0xff, 0xfe]), namespace: 'v', embedding: vector(1) }, { id: 'v', content: 'text', namespace: 'v', embedding: vector(2) }]);
  assert.deepEqual((await checked(bridge, vector(1), { budget_tokens: 500 })).chunk_ids, ['v'], 'what is not text is left out');
});

test('buildContext says what is wrong', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ content: 'x' });
  for (const options of [undefined, {}, { budget_tokens: 0 }, { budget_tokens: -1 }, { budget_tokens: 1.5 }, { budget_tokens: 1_000_001 }, { budget_tokens: '9' }, { budget_tokens: NaN }]) {
    await rejects(bridge.buildContext('x', options), 'INVALID_ARGUMENT', /budget_tokens/);
  }
  await rejects(bridge.buildContext('x', { budget_tokens: 9, format: 'html' }), 'INVALID_ARGUMENT', /format/);
  await rejects(bridge.buildContext('x', { budget_tokens: 9, order: 'random' }), 'INVALID_ARGUMENT', /order/);
  await rejects(bridge.buildContext('x', { budget_tokens: 9, min_score: 2 }), 'INVALID_ARGUMENT', /min_score/);
  await rejects(bridge.buildContext('x', { budget_tokens: 9, mode: 'vector' }), 'INVALID_ARGUMENT', /model/);
  await rejects(bridge.buildContext(7, { budget_tokens: 9 }), 'INVALID_ARGUMENT', /query/);
  await rejects(bridge.buildContext('x', { budget_tokens: 9, signal: AbortSignal.abort() }), 'ABORTED');
});

test('budget_tokens of a search: best first, what does not fit is skipped', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks([
    { id: 'a', content: 'zebra zebra zebra' },
    { id: 'b', content: `zebra ${'grass '.repeat(200)}` },
    { id: 'c', content: 'zebra and a lion that sleeps' },
  ]);
  const all = await bridge.searchSimilar('zebra');
  assert.equal(all.length, 3);
  const cost = (hits) => hits.reduce((sum, h) => sum + bridge.countTokens(h.content), 0);
  assert.deepEqual(await bridge.searchSimilar('zebra', { budget_tokens: cost(all) }), all);
  for (let budget_tokens = 1; budget_tokens < 250; budget_tokens += 7) {
    let left = budget_tokens;
    const fits = all.filter((h) => bridge.countTokens(h.content) <= left && (left -= bridge.countTokens(h.content), true));
    const found = await bridge.searchSimilar('zebra', { budget_tokens });
    assert.deepEqual(found.map((h) => h.id), fits.map((h) => h.id), `${budget_tokens}`);
    assert.deepEqual((await bridge.searchSimilar('zebra', { budget_tokens, fields: [] })).map((h) => h.id), fits.map((h) => h.id));
    assert.deepEqual((await bridge.searchMany(['zebra'], { budget_tokens }))[0].map((h) => h.id), fits.map((h) => h.id));
  }
  await bridge.storeChunks(['d', 'e', 'f'].map((id, i) => ({ id, content: 'word '.repeat(10 + i), embedding: vector(i), namespace: 'v' })));
  assert.deepEqual((await bridge.searchSimilar(vector(0), { budget_tokens: 20 })).map((h) => h.id), ['d']);
  assert.deepEqual((await bridge.findRelated('d', { namespace: 'v', budget_tokens: 20 })).length, 1);
  for (const budget_tokens of [0, 1.5, 1_000_001]) await rejects(bridge.searchSimilar('zebra', { budget_tokens }), 'INVALID_ARGUMENT', /budget_tokens/);
});
