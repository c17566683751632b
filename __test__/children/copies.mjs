// Two copies of the package at work in one process, which ends while they are.
import { writeSync } from 'node:fs';

import { contentOf } from './content.mjs';

const { entries, stores, ml, end } = JSON.parse(process.argv[2]);
const bridges = await Promise.all(
  entries.map(async (entry, i) => (await import(entry)).FluoriteBridge.open({ memory_path: stores[i], enable_ml: ml })),
);
let acknowledged = 0;
const calls = bridges.flatMap((bridge, copy) =>
  Array.from({ length: 48 }, async (_, i) => {
    const id = `c${i}`;
    await bridge.storeChunk({ id, content: contentOf(id) });
    writeSync(1, `${copy} ${id}\n`);
    await bridge.searchSimilar(contentOf(id));
    if (++acknowledged !== 30) return;
    if (end === 'exit') process.exit(7);
    if (end === 'throw') process.nextTick(() => { throw new Error('thrown on purpose'); });
  }),
);
await Promise.all(calls);
for (const bridge of bridges) await bridge.shutdown();
