// What happens around the bridge: threads, other processes, sudden ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { endedWith, entry, folder, node, open, root } from './helpers.mjs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const load = `import { FluoriteBridge } from ${JSON.stringify(entry)};`;
const withModel = existsSync(join(root, 'runtime')) && existsSync(join(root, 'models', 'all-MiniLM-L6-v2'));
const config = (at, ml = false) => JSON.stringify({ memory_path: at, enable_ml: ml });
const inFlight = `
  const texts = Array.from({ length: 32 }, (_, i) => 'a text to embed and store, number ' + i);
  const calls = [
    ...texts.map((content, i) => bridge.storeChunk({ id: 'c' + i, content })),
    ...texts.map((text) => bridge.searchSimilar(text)),
    ...texts.map((content) => bridge.storeChunks([{ content }, { content }])),
  ];
  for (const call of calls) call.catch(() => {});
`;

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

for (const ml of withModel ? [false, true] : [false]) {
  test(`worker.terminate with calls in flight, 5 times, enable_ml: ${ml}`, async () => {
    for (let round = 0; round < 5; round++) {
      const result = await node(`
        import { Worker } from 'node:worker_threads';
        ${load}
        const bridge = await FluoriteBridge.open(${config(folder(), ml)});
        const worker = new Worker(\`
          Promise.all([import('node:worker_threads'), import('${entry}')]).then(async ([{ parentPort }, { FluoriteBridge }]) => {
            const bridge = await FluoriteBridge.open(${config(folder(), ml)});
            ${inFlight}
            parentPort.postMessage('go');
            await Promise.allSettled(calls);
          });
        \`, { eval: true });
        await new Promise((go) => worker.once('message', go));
        ${round > 1 ? `await new Promise((r) => setTimeout(r, ${round}));` : ''}
        await worker.terminate();
        await bridge.storeChunk({ content: 'the main thread lives' });
        await bridge.shutdown();
      `);
      endedWith(result, 0);
    }
  });

  test(`process.exit with 96 calls in flight, 5 times, enable_ml: ${ml}`, async () => {
    for (let round = 0; round < 5; round++) {
      const result = await node(`
        ${load}
        const bridge = await FluoriteBridge.open(${config(folder(), ml)});
        ${inFlight}
        ${['', 'await calls[0];', 'await null;', 'await Promise.race(calls);', 'await new Promise((r) => setTimeout(r, 3));'][round]}
        process.exit(7);
      `);
      endedWith(result, 7);
    }
  });
}

test('process.exit while opening, 5 times', async () => {
  for (let round = 0; round < 5; round++) endedWith(await node(`${load} FluoriteBridge.open(${config(folder(), withModel)}).catch(() => {}); process.exit(3);`), 3);
});

test('an uncaught exception with calls in flight ends as usual', async () => {
  const result = await node(`${load} const bridge = await FluoriteBridge.open(${config(folder())}); ${inFlight} throw new Error('mine');`);
  endedWith(result, 1);
  assert.match(result.stderr, /mine/);
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
