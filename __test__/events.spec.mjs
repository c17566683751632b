// Events: who is told what, in which order, how much waits, and what ends it.
import assert from 'node:assert/strict';
import { once as emitted } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { FluoriteBridge } from '../index.mjs';
import { endedWith, entry, folder, node, open, rejects } from './helpers.mjs';

const short = (e) => (e.type === 'ChunkStored' ? `+${e.id}@${e.version}` : e.type === 'ChunkDeleted' ? `-${e.id}` : e.type === 'Lagged' ? `lagged ${e.missed}` : e.type);

/** Resolves with the next event of this name. */
const next = (bridge, type) => new Promise((told) => bridge.once(type, told));

/** What an iteration still has to give, once its bridge is closed. */
async function rest(events) {
  const all = [];
  for await (const event of events) all.push(short(event));
  return all;
}

test('on is told of each write, with names and versions', async (t) => {
  const bridge = await open(t);
  const told = [];
  assert.equal(bridge.on('ChunkStored', (e) => told.push(e)).on('ChunkDeleted', (e) => told.push(e)), bridge);
  await bridge.storeChunk({ id: 'a', content: '1' });
  await bridge.storeChunk({ id: 'a', content: '2', namespace: 'n' });
  await bridge.storeChunk({ id: 'a', content: '2' });
  await bridge.deleteChunk('a');
  await bridge.deleteChunk('not there');
  await bridge.deleteWhere({ namespace: 'n' });
  await bridge.shutdown();
  assert.deepEqual(told, [
    { type: 'ChunkStored', id: 'a', namespace: 'default', version: 1 },
    { type: 'ChunkStored', id: 'a', namespace: 'n', version: 1 },
    { type: 'ChunkStored', id: 'a', namespace: 'default', version: 2 },
    { type: 'ChunkDeleted', id: 'a', namespace: 'default' },
    { type: 'ChunkDeleted', id: 'a', namespace: 'n' },
  ]);
});

test('what is told is stored: it can be read and found', async (t) => {
  const bridge = await open(t);
  const seen = next(bridge, 'ChunkStored').then(async (e) => [(await bridge.getChunk(e.id)).content, (await bridge.searchSimilar('walrus'))[0].id]);
  await bridge.storeChunk({ id: 'a', content: 'a walrus' });
  assert.deepEqual(await seen, ['a walrus', 'a']);
});

test('once is told once, off is told no more, also when called by a listener', async (t) => {
  const bridge = await open(t);
  const told = [];
  const twice = (e) => told.push(`twice ${e.id}`);
  const leaving = (e) => { told.push(`leaving ${e.id}`); bridge.off('ChunkStored', leaving); };
  bridge.once('ChunkStored', (e) => told.push(`once ${e.id}`)).on('ChunkStored', twice).on('ChunkStored', twice).on('ChunkStored', leaving);
  await bridge.storeChunk({ id: 'a', content: 'x' });
  bridge.off('ChunkStored', twice).off('ChunkStored', () => {}).off('no such event', twice);
  await bridge.storeChunk({ id: 'b', content: 'x' });
  bridge.off('ChunkStored', twice);
  await bridge.storeChunk({ id: 'c', content: 'x' });
  await bridge.shutdown();
  assert.deepEqual(told, ['once a', 'twice a', 'twice a', 'leaving a', 'twice b']);
});

test('a listener may be there before the store is open', async (t) => {
  const bridge = new FluoriteBridge();
  t.after(() => bridge.shutdown());
  const stored = next(bridge, 'ChunkStored');
  await rejects(bridge.events().next(), 'NOT_INITIALIZED');
  await bridge.initialize({ memory_path: folder(), enable_ml: false });
  await bridge.storeChunk({ id: 'a', content: 'x' });
  assert.equal((await stored).id, 'a');
});

test('other bridges and worker threads of the process are heard', async (t) => {
  const memory_path = folder();
  const bridge = await open(t, { memory_path });
  const events = bridge.events();
  const other = await open(t, { memory_path });
  await other.storeChunk({ id: 'other', content: 'x' });
  await other.shutdown();
  const worker = new Worker(
    `const { workerData: [entry, memory_path] } = require('node:worker_threads');
     import(entry).then(async ({ FluoriteBridge }) => {
       const bridge = await FluoriteBridge.open({ memory_path, enable_ml: false });
       await bridge.storeChunk({ id: 'worker', content: 'x' });
       await bridge.shutdown();
     });`,
    { eval: true, workerData: [entry, memory_path] },
  );
  assert.deepEqual(await emitted(worker, 'exit'), [0]);
  assert.deepEqual([short((await events.next()).value), short((await events.next()).value)], ['+other@1', '+worker@1']);
});

test('a thread that ends while it listens harms nobody', async (t) => {
  const memory_path = folder();
  const bridge = await open(t, { memory_path });
  const events = bridge.events();
  const worker = new Worker(
    `const { parentPort, workerData: [entry, memory_path] } = require('node:worker_threads');
     import(entry).then(async ({ FluoriteBridge }) => {
       const bridge = await FluoriteBridge.open({ memory_path, enable_ml: false });
       bridge.on('ChunkStored', () => { for (;;); }); // is told, and never comes back
       (async () => { for await (const event of bridge.events()) void event; })();
       parentPort.postMessage('listening');
     });`,
    { eval: true, workerData: [entry, memory_path] },
  );
  await emitted(worker, 'message');
  for (let i = 0; i < 50; i++) await bridge.storeChunk({ id: `c${i}`, content: 'x' });
  await worker.terminate();
  for (let i = 50; i < 100; i++) await bridge.storeChunk({ id: `c${i}`, content: 'x' });
  await bridge.shutdown();
  assert.equal((await rest(events)).length, 100);
});

test('a load of many chunks is told completely, in order, to both kinds of listeners', async (t) => {
  const bridge = await open(t);
  const told = [];
  bridge.on('ChunkStored', (e) => told.push(e.id)).on('Lagged', (e) => told.push(e));
  const events = bridge.events({ types: ['ChunkStored'], buffer: 20_000 });
  const { ids } = await bridge.storeChunks(Array.from({ length: 20_000 }, (_, i) => ({ id: `c${i}`, content: `chunk ${i}` })), { durability: 'buffered' });
  await bridge.shutdown();
  assert.deepEqual([...told].sort(), [...ids].sort());
  assert.deepEqual(await rest(events), told.map((id) => `+${id}@1`));
});

test('a reader that is too slow misses the oldest and is told how many', async (t) => {
  const bridge = await open(t);
  const events = bridge.events({ buffer: 4 });
  for (let i = 0; i < 10; i++) await bridge.storeChunk({ id: `c${i}`, content: 'x' });
  await bridge.shutdown();
  assert.deepEqual(await rest(events), ['lagged 6', '+c6@1', '+c7@1', '+c8@1', '+c9@1']);
});

test('types and namespace choose', async (t) => {
  const bridge = await open(t);
  const [deletes, there] = [bridge.events({ types: ['ChunkDeleted'] }), bridge.events({ namespace: 'there' })];
  await bridge.storeChunk({ id: 'a', content: 'x' });
  await bridge.storeChunk({ id: 'b', content: 'x', namespace: 'there' });
  await bridge.deleteChunk('a');
  await bridge.shutdown();
  assert.deepEqual([await rest(deletes), await rest(there)], [['-a'], ['+b@1']]);
});

test('who reads a flood lets everything else have its turn', async (t) => {
  const bridge = await open(t);
  const events = bridge.events({ types: ['ChunkStored'] });
  await bridge.storeChunks(Array.from({ length: 2_000 }, (_, i) => ({ id: `${i}`, content: 'x' })), { atomic: true });
  let turns = 0;
  let reading = true;
  const turn = () => reading && turns++ >= 0 && setImmediate(turn);
  let told = 0;
  for await (const _ of events) {
    if (++told === 1) turn(); // all of them wait to be read now
    if (told === 2_000) break;
  }
  reading = false;
  assert.ok(turns > 3, `${turns} turns`);
});

test('break, return, the signal and shutdown end an iteration', { timeout: 60_000 }, async (t) => {
  const bridge = await open(t);
  const stop = new AbortController();
  const [waiting, stopped] = [bridge.events(), bridge.events({ signal: stop.signal })];
  const ends = [waiting.next(), waiting.next(), stopped.next()];
  await waiting.return();
  stop.abort();
  for (const end of await Promise.all(ends)) assert.deepEqual(end, { value: undefined, done: true });
  assert.deepEqual(await rest(bridge.events({ signal: stop.signal })), []);
  const events = bridge.events();
  await bridge.storeChunks([{ id: 'a', content: 'x' }, { id: 'b', content: 'x' }]);
  for await (const event of events) { assert.equal(event.id, 'a'); break; }
  assert.deepEqual(await rest(events), []);
  const last = bridge.events();
  const read = rest(last);
  await bridge.storeChunk({ id: 'c', content: 'x' });
  await bridge.shutdown();
  assert.deepEqual(await read, ['+c@1']);
  await rejects(bridge.events().next(), 'CLOSED');
  assert.equal(bridge.on('ChunkStored', () => {}), bridge);
});

test('wrong listeners and options are refused with what is right', async (t) => {
  const bridge = await open(t);
  assert.throws(() => bridge.on('ChunkStore', () => {}), { code: 'INVALID_ARGUMENT', message: /ChunkStored, ChunkDeleted/ });
  assert.throws(() => bridge.once('ChunkStored', {}), { code: 'INVALID_ARGUMENT', message: /function/ });
  await rejects(bridge.events({ types: ['ChunkStore'] }).next(), 'INVALID_ARGUMENT', /ChunkStored/);
  await rejects(bridge.events({ buffer: 0 }).next(), 'INVALID_ARGUMENT', /buffer/);
  await rejects(bridge.events({ sginal: 1 }).next(), 'INVALID_ARGUMENT', /sginal/);
  await rejects(bridge.events({ signal: 1 }).next(), 'INVALID_ARGUMENT', /AbortSignal/);
});

test('what a listener throws goes to error, and the others are told all the same', async (t) => {
  const bridge = await open(t);
  const [failed, told] = [[], []];
  bridge.on('error', (thrown, event) => failed.push([thrown.message, event.id]));
  bridge.on('ChunkStored', () => { throw new Error('mine'); });
  bridge.on('ChunkStored', async () => { throw new Error('later'); });
  bridge.on('ChunkStored', (e) => told.push(e.id));
  await bridge.storeChunk({ id: 'a', content: 'x' });
  await bridge.storeChunk({ id: 'b', content: 'x' });
  await bridge.shutdown();
  assert.deepEqual(told, ['a', 'b']);
  assert.deepEqual(failed.map((f) => f.join(' ')).sort(), ['later a', 'later b', 'mine a', 'mine b']);
});

test('without an error listener it is an uncaught exception; the store is not hurt', async () => {
  const memory_path = folder();
  const run = await node(`
    import { FluoriteBridge } from ${JSON.stringify(entry)};
    const bridge = await FluoriteBridge.open({ memory_path: ${JSON.stringify(memory_path)}, enable_ml: false });
    process.on('uncaughtException', (e) => console.log('uncaught', e.message));
    bridge.on('ChunkStored', () => { throw new Error('mine'); });
    await bridge.storeChunk({ id: 'a', content: 'x' });
    await bridge.storeChunk({ id: 'b', content: 'x' });
    await bridge.shutdown();`);
  endedWith(run, 0);
  assert.equal(run.stdout, 'uncaught mine\nuncaught mine\n');
});

test('listening does not keep the process alive', async () => {
  const memory_path = folder();
  const run = await node(`
    import { FluoriteBridge } from ${JSON.stringify(entry)};
    const bridge = await FluoriteBridge.open({ memory_path: ${JSON.stringify(memory_path)}, enable_ml: false });
    bridge.on('ChunkStored', (e) => console.log(e.id));
    (async () => { for await (const e of bridge.events()) console.log(e.type); })();
    await bridge.storeChunk({ id: 'a', content: 'x' });`);
  endedWith(run, 0);
  assert.deepEqual(run.stdout.trim().split('\n').sort(), ['ChunkStored', 'a']);
});

test('learning and indexes are told', async (t) => {
  const spikes = folder();
  mkdirSync(join(spikes, 'sub'));
  for (let i = 0; i < 3; i++) {
    const files = [{ path: 'a.ts', template: `export const walrus${i} = ${i};` }];
    writeFileSync(join(spikes, 'sub', `s${i}.json`), JSON.stringify({ id: `s${i}`, name: `Spike ${i}`, stack: ['hono'], tags: [], files }));
  }
  const bridge = await open(t);
  const events = bridge.events({ types: ['LearningProgress', 'IndexBuilt'] });
  await bridge.learnFromSpikes({ path: spikes, namespace: 'learned' });
  await bridge.storeChunks(Array.from({ length: 8_200 }, (_, i) => ({ content: `c${i}` })), { durability: 'buffered' }); // enough for a segment
  await bridge.optimize();
  await bridge.shutdown();
  const all = [];
  for await (const event of events) all.push(event);
  const learned = all.filter((e) => e.type === 'LearningProgress');
  const { rate, seconds_left, ...end } = learned.at(-1);
  assert.deepEqual(end, { type: 'LearningProgress', namespace: 'learned', phase: 'done', done: 3, total: 3 });
  assert.deepEqual([typeof rate, typeof seconds_left], ['number', 'number']);
  const built = all.filter((e) => e.type === 'IndexBuilt');
  for (const e of built) assert.deepEqual(Object.keys(e).sort(), ['duration_ms', 'kind', 'rows', 'type']);
  assert.ok(built.some((e) => e.kind === 'text' && e.rows >= 8_000), JSON.stringify(built));
});
