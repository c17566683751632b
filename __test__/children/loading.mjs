// Loads the addon and lets it go again: in a worker each time, so that with the worker it leaves the process (`main`:
// the main thread has it as well, so that it stays).
import { writeSync } from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

import { contentOf } from './content.mjs';

if (isMainThread) {
  const { rounds, at, ml, main } = JSON.parse(process.argv[2]);
  if (main) await import('../../index.mjs');
  for (let round = 0; round < rounds; round++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { at, ml, round } });
    const code = await new Promise((done, fail) => worker.once('error', fail).once('exit', done));
    if (code !== 0) throw new Error(`round ${round}: a worker ended with ${code}`);
  }
  writeSync(1, 'done\n');
} else {
  const { at, ml, round } = workerData;
  const { FluoriteBridge } = await import('../../index.mjs');
  if (round % 5 !== 4) { // every fifth time it is loaded and never used
    const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: ml });
    const id = `c${round}`;
    await bridge.storeChunk({ id, content: contentOf(id) });
    writeSync(1, `${id}\n`);
    if ((await bridge.searchSimilar(contentOf(id))).length === 0) throw new Error('found nothing');
    if (round % 2) await bridge.shutdown(); // else it is forgotten
  }
}
