// Starts workers and terminates each in the middle of its calls. What they were told is stored goes to standard output.
//   rounds, at, ml; `shared`: this thread has the store open as well, so that it outlives the workers
import { writeSync } from 'node:fs';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { contentOf } from './content.mjs';

if (isMainThread) await terminate(JSON.parse(process.argv[2]));
else await work(workerData);

async function terminate({ rounds, at, ml, shared }) {
  const { FluoriteBridge } = await import('../../index.mjs');
  const bridge = shared ? await FluoriteBridge.open({ memory_path: at, enable_ml: ml }) : undefined;
  for (let round = 0; round < rounds; round++) {
    // before it has opened, while it opens, at its first acknowledgements, and in full flight
    const after = [-2, -1, 0, 1, 5, 20][round % 6];
    const worker = new Worker(new URL(import.meta.url), { workerData: { at, ml, after, name: `c${round}-` } });
    const ended = new Promise((done, fail) => worker.once('error', fail).once('exit', done));
    await Promise.race([new Promise((go) => worker.once('message', go)), ended]);
    await worker.terminate();
    await ended;
    if (bridge) {
      const id = `c${round}-main`;
      await bridge.storeChunk({ id, content: contentOf(id) });
      writeSync(1, `${id}\n`);
    }
  }
  await bridge?.shutdown();
  writeSync(1, 'done\n');
}

async function work({ at, ml, after, name }) {
  if (after === -2) parentPort.postMessage('go');
  const { FluoriteBridge } = await import('../../index.mjs');
  if (after === -1) parentPort.postMessage('go');
  const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: ml });
  let number = 0;
  let acknowledged = 0;
  const next = async () => {
    const n = number++;
    const id = `${name}${n}`;
    if (n % 3 === 0) await bridge.searchSimilar(`content of ${id}`);
    else if (n % 3 === 1) await bridge.storeChunks([{ id, content: contentOf(id) }]);
    else await bridge.storeChunk({ id, content: contentOf(id) });
    if (n % 3 !== 0) {
      writeSync(1, `${id}\n`);
      if (acknowledged++ === after) parentPort.postMessage('go');
    }
    return next();
  };
  for (let i = 0; i < 32; i++) next();
}
