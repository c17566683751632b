// What happens around the bridge: threads, other processes. How processes and workers end: `endings` and `workers`.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { endedWith, entry, folder, node, open } from './helpers.mjs';

const load = `import { FluoriteBridge } from ${JSON.stringify(entry)};`;
const config = (at, ml = false) => JSON.stringify({ memory_path: at, enable_ml: ml });

test('worker threads share the store of the main thread', async (t) => {
  const at = folder();
  const bridge = await open(t, { memory_path: at });
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(
    `import('${entry}').then(async ({ FluoriteBridge }) => {
      const bridge = await FluoriteBridge.open(${config(at)});
      await bridge.storeChunk({ id: 'from-worker', content: 'written by the worker' });
      await bridge.shutdown();
    });`,
    { eval: true },
  );
  const code = await new Promise((done, fail) => worker.on('exit', done).on('error', fail));
  assert.equal(code, 0);
  assert.equal((await bridge.getChunk('from-worker')).content, 'written by the worker');
  await bridge.storeChunk({ id: 'after', content: 'the main thread goes on' });
});

test('a forgotten bridge does not keep the process alive, and loses nothing', async () => {
  const at = folder();
  const result = await node(`${load} const bridge = await FluoriteBridge.open(${config(at)}); await bridge.storeChunk({ id: 'kept', content: 'x' });`, { limit: 20_000 });
  endedWith(result, 0);
  const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  assert.equal((await bridge.getChunk('kept')).content, 'x');
  await bridge.shutdown();
});

test('a call in flight keeps the process alive until it is done', async () => {
  const result = await node(`${load} const bridge = await FluoriteBridge.open(${config(folder())}); bridge.storeChunk({ content: 'x' }).then(() => console.log('stored'));`);
  endedWith(result, 0);
  assert.match(result.stdout, /stored/);
});

test('a second process is told who has the store', async (t) => {
  const at = folder();
  await open(t, { memory_path: at });
  const result = await node(`${load} await FluoriteBridge.open(${config(at)}).catch((e) => console.log(e.code, e.message));`);
  endedWith(result, 0);
  assert.match(result.stdout, /^STORE_LOCKED /);
  assert.match(result.stdout, new RegExp(`\\b${process.pid}\\b`));
});

test('many bridges forgotten and collected', async () => {
  const result = await node(`
    ${load}
    for (let i = 0; i < 50; i++) { const b = new FluoriteBridge(); await b.initialize({ memory_path: ${JSON.stringify(folder())} + '/' + (i % 3), enable_ml: false }); await b.storeChunk({ content: 'x' }); if (i % 2) await b.shutdown(); }
    console.log('done');
  `);
  endedWith(result, 0);
  assert.match(result.stdout, /done/);
});
