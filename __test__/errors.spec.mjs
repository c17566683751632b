// What errors say. Which values are refused: `hostile.spec.mjs`.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FluoriteError, isFluoriteError } from '../index.mjs';
import { open, rejects, vector } from './helpers.mjs';

test('messages name the place and the remedy', async (t) => {
  const bridge = await open(t);
  await rejects(bridge.storeChunk({ contnet: 'x' }), 'INVALID_ARGUMENT', /did you mean "content"/);
  await rejects(bridge.storeChunk({ content: 'x', tags: ['a', 1] }), 'INVALID_ARGUMENT', /tags\.1/);
  await rejects(bridge.storeChunk({ content: 'x', metadata: { a: { b: () => 1 } } }), 'INVALID_ARGUMENT', /metadata\.a\.b: a function/);
  await rejects(bridge.storeChunk({ content: 'x', qualityScore: 1, quality_score: 1 }), 'INVALID_ARGUMENT', /both spellings/);
  await rejects(bridge.storeChunk({ get content() { throw new Error('my getter'); } }), 'INVALID_ARGUMENT', /my getter/);
  await rejects(bridge.storeChunk({ id: 'a\ud800', content: 'x' }), 'INVALID_ID', /surrogate/);
  await rejects(bridge.getChunk('\ud800'), 'INVALID_ID', /surrogate/);
  await rejects(bridge.getChunk('x'.repeat(1_025)), 'INVALID_ID', /1025|1,025/);
  await rejects(bridge.searchSimilar('a\ud800'), 'INVALID_ARGUMENT', /surrogate/);
  await bridge.storeChunk({ content: 'x', embedding: vector(1) });
  await rejects(bridge.searchSimilar(vector(1).slice(1)), 'DIMENSION_MISMATCH', /383/);
  await rejects(bridge.searchSimilar(new Float32Array(384)), ['INVALID_ARGUMENT', 'DIMENSION_MISMATCH']);
});

test('a condition that is undefined is no condition: refused, for it would delete more than was meant', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'x', content: 'x', tags: ['a'], metadata: { user: 'me' } });
  for (const metadata of [{ user: undefined }, { user: null }, { user: 'me', other: undefined }]) {
    await rejects(bridge.deleteWhere({ tags: { any: ['a'] }, metadata }), 'INVALID_ARGUMENT', /filter\W+metadata/);
    await rejects(bridge.searchSimilar('x', { filter: { metadata } }), 'INVALID_ARGUMENT', /metadata/);
    await rejects(bridge.listChunks({ filter: { metadata } }).next(), 'INVALID_ARGUMENT', /metadata/);
  }
  assert.equal((await bridge.getStats()).chunks, 1);
  assert.equal(await bridge.deleteWhere({ tags: undefined, metadata: { user: 'me' } }), 1);
});

test('what JSON has no word for is refused, not stored as null', async (t) => {
  const bridge = await open(t);
  for (const v of [NaN, Infinity, [1, -Infinity], { deep: NaN }, new Float32Array([NaN])]) await rejects(bridge.storeChunk({ content: 'x', metadata: { v } }), 'INVALID_ARGUMENT', /metadata\.v.*number/);
  await bridge.storeChunk({ id: 'x', content: 'x', metadata: { left: undefined, at: new Date(0), none: null } });
  assert.deepEqual((await bridge.getChunk('x')).metadata, { at: '1970-01-01T00:00:00.000Z', none: null });
});

test('what was given is not repeated in full', async (t) => {
  const bridge = await open(t);
  const long = 'secret'.repeat(10_000);
  for (const chunk of [{ content: 'x', quality_score: long }, { content: 'x', tags: long }, { content: 'x', chunk_type: long }, { content: 'x', [long]: 1 }, { content: 'x', metadata: { [long]: () => 1 } }]) {
    await assert.rejects(bridge.storeChunk(chunk), (e) => e.code === 'INVALID_ARGUMENT' && e.message.length < 2_100 && !/quality_score.*secret|tags.*secret/.test(e.message));
  }
});

test('the error class', () => {
  const e = new FluoriteError('IO', 'message', new Error('cause'));
  assert.ok(e instanceof Error && isFluoriteError(e));
  assert.deepEqual([e.name, e.code, e.message, e.cause.message], ['FluoriteError', 'IO', 'message', 'cause']);
  assert.match(e.stack, /^FluoriteError: message/);
  for (const other of [null, undefined, 'x', {}, new Error('x'), { name: 'FluoriteError' }]) assert.equal(isFluoriteError(other), false);
});
