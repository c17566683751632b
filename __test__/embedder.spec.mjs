// An embedder of the caller in place of the model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { FluoriteBridge } from '../index.mjs';
import { hashEmbedding } from '../testing/index.js';
import { folder, rejects } from './helpers.mjs';

/** Deterministic, and it counts what it was asked. */
function hashing({ model_id = 'hash@1', dimensions = 384, delay } = {}) {
  const calls = [];
  const embed = async (texts) => {
    calls.push(texts);
    if (delay) await delay();
    return texts.map((text) => hashEmbedding(text, dimensions));
  };
  return { calls, embedder: { model_id, dimensions, embed } };
}
const texts = (calls) => calls.flat();
const open = (memory_path, embedder, more = {}) => FluoriteBridge.open({ memory_path, ...more, ml: { embedder } });

test('chunks and queries are embedded by it, and found by the vectors it gave', async (t) => {
  const { calls, embedder } = hashing();
  const bridge = await open(folder(), embedder);
  t.after(() => bridge.shutdown());
  await bridge.storeChunks([
    { id: 'cat', content: 'a cat sleeps on the sofa' },
    { id: 'tcp', content: 'sockets, ports and packets' },
  ]);
  assert.deepEqual(texts(calls).sort(), ['a cat sleeps on the sofa', 'sockets, ports and packets']);
  const [best, other] = await bridge.searchSimilar('cats sleeping', { mode: 'vector' });
  assert.equal(best.id, 'cat');
  const cosine = (a, b) => hashEmbedding(a).reduce((sum, x, i) => sum + x * hashEmbedding(b)[i], 0);
  assert.ok(Math.abs(best.similarity - Math.max(0, cosine('cats sleeping', 'a cat sleeps on the sofa'))) < 1e-4);
  assert.ok(other.similarity < best.similarity);
  assert.equal((await bridge.searchSimilar('packets'))[0].id, 'tcp');
  assert.deepEqual(await bridge.generateEmbedding('one'), hashEmbedding('one'));
  const ranked = await bridge.semanticSearch('sofa cat', ['ports of a socket', 'the cat on a sofa'], 1);
  assert.equal(ranked[0].document_index, 1);
  assert.ok(bridge.countTokens('counted by the bundled tokenizer') > 5);
});

test('texts of one call go in batches, no more than four at once, and the same text is asked once', async (t) => {
  let now = 0;
  let most = 0;
  const { calls, embedder } = hashing({
    delay: async () => {
      most = Math.max(most, ++now);
      await new Promise((done) => setImmediate(done));
      now -= 1;
    },
  });
  const bridge = await open(folder(), embedder);
  t.after(() => bridge.shutdown());
  const chunks = Array.from({ length: 1000 }, (_, i) => ({ id: `c${i}`, content: `number ${i % 900}` }));
  await bridge.storeChunks(chunks, { atomic: true });
  assert.ok(calls.every((batch) => batch.length >= 1 && batch.length <= 64));
  assert.ok(calls.length < 200, `${calls.length} calls`); // not one a text
  assert.ok(most <= 4, `${most} at once`);
  const before = texts(calls).length;
  await bridge.generateEmbeddings(chunks.slice(0, 100).map((c) => c.content));
  assert.equal(texts(calls).length, before);
});

test('what it gets wrong is EMBEDDING_FAILED, and the bridge goes on', async (t) => {
  let answer = (list) => list.map((text) => hashEmbedding(text, 8));
  const bridge = await open(folder(), { model_id: 'odd', dimensions: 8, embed: (list) => answer(list) });
  t.after(() => bridge.shutdown());
  const wrong = {
    'a rejection': () => Promise.reject(new Error('quota exceeded')),
    'a throw': () => {
      throw new Error('quota exceeded');
    },
    'too few': () => [],
    'no list': () => 'vectors',
    'no vector': (list) => list.map(() => [1, 2, 3, 4, 5, 6, 7, 8]),
    'wrong length': (list) => list.map(() => new Float32Array(9).fill(1)),
    zeros: (list) => list.map(() => new Float32Array(8)),
    'not finite': (list) => list.map(() => new Float32Array(8).fill(NaN)),
    detached: (list) => list.map(() => {
      const v = new Float32Array(8).fill(1);
      structuredClone(v.buffer, { transfer: [v.buffer] });
      return v;
    }),
  };
  for (const [what, how] of Object.entries(wrong)) {
    answer = how;
    await rejects(bridge.storeChunk({ id: what, content: what }), 'EMBEDDING_FAILED');
    await rejects(bridge.searchSimilar(`find ${what}`), 'EMBEDDING_FAILED');
    assert.equal(await bridge.getChunk(what), null);
  }
  answer = () => Promise.reject(new Error('quota exceeded'));
  await assert.rejects(bridge.storeChunk({ id: 'x', content: 'why' }), /ml\.embedder failed: quota exceeded/);
  answer = (list) => list.map((text) => hashEmbedding(text, 8));
  await bridge.storeChunk({ id: 'fine', content: 'fine again' });
  assert.equal((await bridge.searchSimilar('fine'))[0].id, 'fine');
});

test('in the background words come first, vectors follow', async (t) => {
  let open_up;
  const gate = new Promise((done) => (open_up = done));
  const { embedder } = hashing({ delay: () => gate });
  const bridge = await open(folder(), embedder);
  t.after(() => bridge.shutdown());
  await bridge.storeChunks(Array.from({ length: 100 }, (_, i) => ({ id: `b${i}`, content: `background ${i}` })), { embed: 'background' });
  assert.equal((await bridge.searchSimilar('background 7', { mode: 'lexical', limit: 1 }))[0].id, 'b7');
  open_up();
  await bridge.flush({ embedded: true });
  assert.equal((await bridge.getStats()).vectors, 100);
  assert.equal((await bridge.searchSimilar(hashEmbedding('background 9'), { limit: 1 }))[0].id, 'b9');
});

test('a store keeps its embedder', async (t) => {
  const path = folder();
  const first = await open(path, hashing().embedder);
  await first.storeChunk({ id: 'a', content: 'kept' });
  await first.shutdown();
  await rejects(open(path, hashing({ model_id: 'hash@2' }).embedder), 'MODEL_REJECTED');
  const again = await open(path, hashing().embedder);
  assert.equal((await again.searchSimilar('kept', { mode: 'vector' }))[0].id, 'a');
  // a second opening in this process shares the engine; one with another embedder is refused
  const shared = await open(path, hashing().embedder);
  await rejects(open(path, hashing({ dimensions: 32 }).embedder), 'INVALID_CONFIG');
  await again.shutdown();
  await shared.storeChunk({ id: 'b', content: 'the first bridge is closed, its embedder still answers' });
  await shared.shutdown();
});

test('one that does not answer in time fails what waits for it, and is told', async (t) => {
  let aborted = 0;
  const never = (_, { signal }) => new Promise(() => signal.addEventListener('abort', () => (aborted += 1)));
  const bridge = await open(folder(), { model_id: 'never', dimensions: 4, timeout_ms: 20, embed: never });
  t.after(() => bridge.shutdown());
  const chunks = Array.from({ length: 1_000 }, (_, i) => ({ content: `late ${i}` }));
  await rejects(bridge.storeChunks(chunks, { atomic: true }), 'EMBEDDING_FAILED', /20 ms/);
  assert.ok(aborted >= 1 && aborted <= 4, `${aborted} calls`); // not one after the other through all batches
  assert.equal((await bridge.getStats()).chunks, 0);
});

test('one that awaits its own bridge is told so when its time is up; one that only asks for the end gets it', async () => {
  let bridge;
  let closing;
  const closes = (wait) => async (texts) => {
    closing = bridge.shutdown();
    if (wait) await closing;
    return texts.map((text) => hashEmbedding(text));
  };
  bridge = await open(folder(), { model_id: 'closes', dimensions: 384, timeout_ms: 20, embed: closes(true) });
  const awake = setInterval(() => undefined, 1_000); // the limit alone keeps no process alive
  await rejects(bridge.storeChunk({ content: 'x' }), 'EMBEDDING_FAILED', /within 20 ms.*shutdown too, waits for itself/);
  await closing;
  clearInterval(awake);
  bridge = await open(folder(), { model_id: 'closes', dimensions: 384, embed: closes(false) });
  await bridge.storeChunk({ content: 'x' });
  await closing;
  await rejects(bridge.storeChunk({ content: 'y' }), 'CLOSED');
});

test('what is no embedder is refused before anything is opened', async (t) => {
  const path = folder();
  const good = hashing().embedder;
  const bad = [null, 1, 'hash', () => {}, {}, { ...good, model_id: '' }, { ...good, model_id: 'x'.repeat(300) }, { ...good, model_id: 7 },
    { ...good, dimensions: 0 }, { ...good, dimensions: 1.5 }, { ...good, dimensions: 1e9 }, { ...good, dimensions: NaN }, { ...good, dimensions: '8' }, { ...good, embed: 'no' }, { ...good, timeout_ms: 0 }, { ...good, timeout_ms: NaN }];
  for (const embedder of bad) await rejects(open(path, embedder), 'INVALID_CONFIG');
  await rejects(FluoriteBridge.open({ memory_path: path, ml: { embedder: good, embedding_model: 'all-MiniLM-L6-v2' } }), 'INVALID_CONFIG');
  const throwing = { get embedder() { throw new Error('no'); } };
  await rejects(FluoriteBridge.open({ memory_path: path, ml: throwing }), 'INVALID_CONFIG');
  const bridge = await open(path, undefined, { enable_ml: false });
  await bridge.shutdown();
});

test('a worker that ends while it embeds takes nothing with it', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { FluoriteBridge } = require(workerData.root + '/index.js');
    const os = require('node:os'), fs = require('node:fs'), path = require('node:path');
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fluorite-embedder-'));
    parentPort.postMessage({ dir });
    FluoriteBridge.open({ memory_path: dir, ml: { embedder: { model_id: 'never', dimensions: 4, embed: () => { parentPort.postMessage('asked'); return new Promise(() => {}); } } } })
      .then((bridge) => { for (let i = 0; i < 20; i++) bridge.storeChunk({ content: 'x' + i }).catch(() => {}); bridge.searchSimilar('y').catch(() => {}); });`;
  const { rmSync } = await import('node:fs');
  for (let i = 0; i < 5; i++) {
    const worker = new Worker(code, { eval: true, workerData: { root: new URL('..', import.meta.url).pathname } });
    let dir;
    await new Promise((done, fail) => {
      worker.on('error', fail);
      worker.on('message', (m) => (m === 'asked' ? done() : ({ dir } = m)));
    });
    await worker.terminate(); // waits for the engine, which must not wait for an answer
    rmSync(dir, { recursive: true, force: true });
  }
});

test('an engine that workers share goes on with the embedder of another bridge when the first one\'s thread has ended', async (t) => {
  const path = folder();
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { FluoriteBridge } = require(workerData.root + '/index.js');
    const { hashEmbedder } = require(workerData.root + '/testing/index.js');
    FluoriteBridge.open({ memory_path: workerData.path, ml: { embedder: hashEmbedder(16) } }).then(() => parentPort.postMessage('open'));
    parentPort.on('message', () => {});`;
  const worker = new Worker(code, { eval: true, workerData: { path, root: new URL('..', import.meta.url).pathname } });
  await new Promise((done, fail) => worker.once('message', done).once('error', fail));
  const bridge = await open(path, { ...hashing({ dimensions: 16 }).embedder, model_id: 'hash-16' });
  t.after(() => bridge.shutdown());
  await bridge.storeChunk({ id: 'before', content: 'by the worker' });
  await worker.terminate();
  await bridge.storeChunk({ id: 'after', content: 'by this thread' });
  assert.equal((await bridge.getStats()).vectors, 2);
});
