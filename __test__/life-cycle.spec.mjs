import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import * as esm from '../index.mjs';
import { folder, open, rejects, root } from './helpers.mjs';

const { FluoriteBridge } = esm;

test('CommonJS and ESM give the same class', () => {
  const cjs = createRequire(import.meta.url)('../index.js');
  assert.equal(cjs.FluoriteBridge, FluoriteBridge);
  assert.equal(cjs.isFluoriteError, esm.isFluoriteError);
});

test('a link to the package at another path can be required', () => {
  const at = folder();
  mkdirSync(join(at, 'memory-engine'));
  symlinkSync(root, join(at, 'memory-engine', 'fluorite-bridge'), 'junction');
  const required = createRequire(join(at, 'app.js'))('./memory-engine/fluorite-bridge');
  assert.equal(typeof required.FluoriteBridge, 'function');
});

test('before initialize every call says so', async () => {
  const bridge = new FluoriteBridge();
  assert.equal(bridge.ready, false);
  await rejects(bridge.storeChunk({ content: 'x' }), 'NOT_INITIALIZED', /initialize/);
  await rejects(bridge.getChunk('x'), 'NOT_INITIALIZED');
  await rejects(bridge.searchSimilar('x'), 'NOT_INITIALIZED');
  assert.throws(() => bridge.countTokens('x'), { name: 'FluoriteError', code: 'NOT_INITIALIZED' });
});

test('initialize twice is refused, also at the same time', async (t) => {
  const bridge = new FluoriteBridge();
  t.after(() => bridge.shutdown());
  const config = { memory_path: folder(), enable_ml: false };
  const both = await Promise.allSettled([bridge.initialize(config), bridge.initialize(config)]);
  assert.deepEqual(both.map((r) => r.reason?.code ?? 'ok').sort(), ['ALREADY_INITIALIZED', 'ok']);
  assert.equal(bridge.ready, true);
  await rejects(bridge.initialize(config), 'ALREADY_INITIALIZED');
});

test('a failed initialize can be retried', async (t) => {
  const bridge = new FluoriteBridge();
  t.after(() => bridge.shutdown());
  const file = join(folder(), 'a-file');
  writeFileSync(file, 'not a folder');
  await rejects(bridge.initialize({ memory_path: join(file, 'store'), enable_ml: false }), ['IO', 'INVALID_CONFIG']);
  await rejects(bridge.initialize({ memory_pth: './x' }), 'INVALID_CONFIG', /memory_path/);
  assert.equal(bridge.ready, false);
  await bridge.initialize({ memoryPath: folder(), enableMl: false });
  assert.equal(bridge.ready, true);
});

test('after shutdown every call is CLOSED, and a second shutdown is fine', async () => {
  const bridge = await FluoriteBridge.open({ memory_path: folder(), enable_ml: false });
  await Promise.all([bridge.shutdown(), bridge.shutdown()]);
  await bridge.shutdown();
  assert.equal(bridge.ready, false);
  await rejects(bridge.storeChunk({ content: 'x' }), 'CLOSED');
  await rejects(bridge.getStats(), 'CLOSED');
  await rejects(bridge.initialize({ memory_path: folder() }), 'CLOSED', /open the store with another/);
});

test('shutdown waits for initialize and for calls in flight', async () => {
  const at = folder();
  const bridge = new FluoriteBridge();
  const opening = bridge.initialize({ memory_path: at, enable_ml: false });
  await opening;
  const stored = bridge.storeChunks(Array.from({ length: 64 }, (_, i) => ({ id: `c${i}`, content: `chunk ${i}` })));
  const closed = bridge.shutdown();
  assert.equal((await stored).stored, 64);
  await closed;
  const again = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  assert.equal((await again.getChunk('c63')).content, 'chunk 63');
  await again.shutdown();

  const early = new FluoriteBridge();
  const [first] = await Promise.allSettled([early.initialize({ memory_path: at, enable_ml: false }), early.shutdown()]);
  assert.equal(first.status, 'fulfilled');
  assert.equal(early.ready, false);
});

test('bridges on the same folder share the store; it closes with the last one', async () => {
  const at = folder();
  const a = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  const b = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  await a.storeChunk({ id: 'shared', content: 'seen by both' });
  assert.equal((await b.getChunk('shared')).content, 'seen by both');
  await a.shutdown();
  await b.storeChunk({ id: 'later', content: 'b goes on' });
  assert.equal((await b.getChunk('later')).content, 'b goes on');
  await b.shutdown();
  const c = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  assert.equal((await c.getStats()).chunks, 2);
  await c.shutdown();
});

test('Symbol.asyncDispose closes', async () => {
  const bridge = await FluoriteBridge.open({ memory_path: folder(), enable_ml: false });
  await bridge[Symbol.asyncDispose]();
  await rejects(bridge.getChunk('x'), 'CLOSED');
});

test('health and stats are plain objects in snake_case', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunk({ content: 'one' });
  const stats = await bridge.getStats();
  assert.equal(stats.chunks, 1);
  assert.equal(stats.model.enabled, false);
  assert.ok(stats.cache.limit_bytes > 0 && stats.disk_bytes > 0);
  const health = await bridge.health();
  assert.equal(health.status, 'ok');
  assert.deepEqual(Object.keys(health).sort(), ['embedder', 'history', 'index', 'status', 'storage']);
});
