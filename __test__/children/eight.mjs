// Eight workers at once on `stores` stores: half of them end by themselves, half are terminated while they work.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { contentOf } from './content.mjs';

if (isMainThread) {
  const { at, ml, stores } = JSON.parse(process.argv[2]);
  const codes = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { at: join(at, String(i % stores)), ml, store: i % stores, name: `c${i}-` } });
      const ended = new Promise((done, fail) => worker.once('error', fail).once('exit', done));
      if (i % 2) worker.once('message', () => worker.terminate());
      return ended;
    }),
  );
  writeSync(1, `codes ${codes.join(' ')}\n`);
} else {
  const { at, ml, store, name } = workerData;
  const { FluoriteBridge } = await import('../../index.mjs');
  const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: ml });
  const put = async (id) => {
    await bridge.storeChunk({ id, content: contentOf(id) });
    writeSync(1, `${store} ${id}\n`);
  };
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 8 }, (_, i) => Promise.all([put(`${name}${round * 8 + i}`), bridge.searchSimilar('a text to find')])));
    if (round === 2) parentPort.postMessage('working');
  }
  await bridge.shutdown();
}
