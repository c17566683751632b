import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { folder, open, rejects } from './helpers.mjs';

const chunk = (i) => ({ id: `c${i}`, content: `chunk number ${i} ${'text '.repeat(50)}` });

async function* generated(n, pause) {
  for (let i = 0; i < n; i++) {
    if (pause && i % 100 === 0) await sleep(pause);
    yield chunk(i);
  }
}

test('async iterables are stored, ids in order', async (t) => {
  const bridge = await open(t);
  const result = await bridge.storeChunks(generated(2_000, 1));
  assert.equal(result.stored, 2_000);
  assert.deepEqual(result.ids, Array.from({ length: 2_000 }, (_, i) => `c${i}`));
  assert.equal((await bridge.storeChunks(new Set([chunk(1), chunk(2)]))).stored, 2);
  assert.deepEqual(await bridge.storeChunks([]), { ids: [], stored: 0, failed: [] });
  assert.deepEqual(await bridge.storeChunks((async function* () {})()), { ids: [], stored: 0, failed: [] });
});

test('a source is read no faster than it is stored, and closed when the call fails', async (t) => {
  const bridge = await open(t);
  let read = 0;
  let closed = false;
  async function* source() {
    try {
      for (;;) yield read++ === 500 ? { content: 7 } : chunk(read);
    } finally {
      closed = true;
    }
  }
  await rejects(bridge.storeChunks(source()), 'INVALID_ARGUMENT', /500/);
  assert.ok(read < 500 + 64 * 10, `read ${read}`);
  await sleep(1);
  assert.equal(closed, true);
});

test('a source that throws rejects with its error as cause', async (t) => {
  const bridge = await open(t);
  const mine = new Error('my source broke');
  const failing = (async function* () { yield chunk(1); throw mine; })();
  await assert.rejects(bridge.storeChunks(failing), (e) => e.code === 'INVALID_ARGUMENT' && e.cause === mine);
});

test('progress of storeChunks', async (t) => {
  const bridge = await open(t);
  const seen = [];
  await bridge.storeChunks(Array.from({ length: 640 }, (_, i) => chunk(i)), { on_progress: (p) => seen.push(p) });
  assert.equal(seen.at(-1).done, 640);
  assert.deepEqual(seen.map((p) => p.done), seen.map((p) => p.done).sort((a, b) => a - b));
  for (const p of seen) {
    assert.deepEqual(Object.keys(p), ['phase', 'done', 'total', 'rate', 'seconds_left']);
    assert.equal(p.total, 640);
    assert.ok(p.rate > 0 && p.seconds_left >= 0);
  }
});

test('what on_progress throws stops the call', async (t) => {
  const bridge = await open(t);
  const mine = new Error('enough');
  const stop = { onProgress: () => { throw mine; } };
  await assert.rejects(bridge.storeChunks(generated(100_000), stop), (e) => e.code === 'ABORTED' && e.cause === mine);
  assert.ok((await bridge.getStats()).chunks < 100_000);
});

test('an aborted signal rejects at once', async (t) => {
  const bridge = await open(t);
  const signal = AbortSignal.abort(new Error('why'));
  const check = (promise) => assert.rejects(promise, (e) => e.code === 'ABORTED' && e.cause.message === 'why');
  await check(bridge.storeChunk(chunk(1), { signal }));
  await check(bridge.storeChunks([chunk(1)], { signal }));
  await check(bridge.searchSimilar('x', { signal }));
  await check(bridge.searchMany(['x'], { signal }));
  await check(bridge.verify({ signal }));
  await check(bridge.optimize({ signal }));
  await check(bridge.generateEmbedding('x', { signal }));
  await check(bridge.learnFromSpikes({ path: 'x', signal }));
  await check((async () => { for await (const _ of bridge.listChunks({ signal })); })());
  assert.equal((await bridge.getStats()).chunks, 0);
});

test('abort while storing stops the work and frees the listener; the caller\'s onabort stays', async (t) => {
  const bridge = await open(t);
  const controller = new AbortController();
  let own = 0;
  controller.signal.onabort = () => own++;
  setTimeout(() => controller.abort(), 20);
  await rejects(bridge.storeChunks(generated(1_000_000), { signal: controller.signal }), 'ABORTED');
  assert.equal(own, 1);
  const { chunks } = await bridge.getStats();
  assert.ok(chunks < 1_000_000);
  await sleep(50);
  assert.equal((await bridge.getStats()).chunks, chunks, 'nothing is stored afterwards');
});

test('abort does not wait for a source that hangs', async (t) => {
  const bridge = await open(t);
  const controller = new AbortController();
  const hanging = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
  setTimeout(() => controller.abort(), 10);
  const began = performance.now();
  await rejects(bridge.storeChunks(hanging, { signal: controller.signal }), 'ABORTED');
  assert.ok(performance.now() - began < 2_000);
});

test('breaking out of listChunks is fine', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(Array.from({ length: 300 }, (_, i) => chunk(i)));
  let n = 0;
  for await (const _ of bridge.listChunks()) if (++n === 150) break;
  assert.equal(n, 150);
});

test('the event loop goes on while chunks are stored', async (t) => {
  const bridge = await open(t);
  let turns = 0;
  let counting = true;
  const count = () => void (turns++, counting && setImmediate(count));
  setImmediate(count);
  await bridge.storeChunks(Array.from({ length: 20_000 }, (_, i) => chunk(i)));
  counting = false;
  assert.ok(turns >= 20_000 / 64 - 1, `${turns} turns of the loop`); // one slice a turn; milliseconds are the bench's matter
});

test('learnFromSpikes: stored once, broken files reported, nothing to do the second time', async (t) => {
  const bridge = await open(t);
  const spikes = join(folder(), 'spikes');
  mkdirSync(spikes);
  const spike = (i) => ({ id: `spike-${i}`, name: `Template ${i}`, version: '1.0.0', stack: ['hono'], tags: ['bff'], description: `What template ${i} is for`, params: [], files: [{ path: 'a.ts', template: `export const a${i} = ${i};\n` }], patches: [] });
  for (let i = 0; i < 20; i++) writeFileSync(join(spikes, `spike-${i}.json`), JSON.stringify(spike(i)));
  writeFileSync(join(spikes, 'spike-broken.json'), 'no json at all');
  const phases = [];
  const first = await bridge.learnFromSpikes({ path: spikes, on_progress: (p) => phases.push(p) });
  assert.deepEqual([first.found, first.stored, first.invalid.length], [21, 20, 1]);
  assert.equal(first.invalid[0].file, 'spike-broken.json');
  assert.ok(phases.length > 0);
  const second = await bridge.learnFromSpikes({ path: spikes });
  assert.deepEqual([second.stored, second.updated, second.unchanged], [0, 0, 20]);
  assert.ok((await bridge.searchSimilar('template 7 is for')).length > 0);
  await rejects(bridge.learnFromSpikes({ path: join(spikes, 'missing') }), ['NOT_FOUND', 'IO', 'INVALID_ARGUMENT']);
});

test('a bulk load waits where single calls are told BUSY', async (t) => {
  const bridge = await open(t, { ml: { num_threads: 1 } }); // more would store as fast as one thread asks
  const singles = Array.from({ length: 20_000 }, (_, i) => bridge.storeChunk(chunk(i)).then(() => 'stored', (e) => e.code));
  const bulk = await bridge.storeChunks(Array.from({ length: 500 }, (_, i) => ({ ...chunk(i), namespace: 'bulk' })));
  assert.equal(bulk.stored, 500);
  const outcomes = new Set(await Promise.all(singles));
  assert.ok(outcomes.has('BUSY') && outcomes.has('stored') && outcomes.size === 2, [...outcomes].join());
});
