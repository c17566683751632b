// A process that ends with 96 calls in flight, or (`opening`) after some milliseconds of an open. Every write that was acknowledged stands on standard output before the
// end, as `holdsAcknowledged` reads it.
import { writeSync } from 'node:fs';

import { FluoriteBridge } from '../../index.mjs';
import { contentOf } from './content.mjs';

const { at, ml, end, after, durability } = JSON.parse(process.argv[2]);
const opening = FluoriteBridge.open({ memory_path: at, enable_ml: ml });
if (end === 'opening') {
  opening.catch(() => undefined);
  for (const began = performance.now(); performance.now() - began < after; );
  process.exit(7);
}
const bridge = await opening;
let acknowledged = 0;
let number = 0;
let ended = false;

function acknowledge(...ids) {
  if (ended) return;
  writeSync(1, ids.map((id) => `${id}\n`).join(''));
  if (acknowledged++ === after && end !== 'handled') finish();
}

function finish() {
  if (end === 'signal') return void writeSync(1, 'now\n'); // the parent's turn
  ended = true;
  if (end === 'exit') process.exit(7);
  process.nextTick(() => { throw new Error('thrown on purpose'); });
}

/** The next call in its turn; as soon as it is settled another follows, so that always as many are in flight. */
async function next() {
  const n = number++;
  const id = `c${n}`;
  if (n % 4 === 0) acknowledge(await bridge.storeChunk({ id, content: contentOf(id) }, { durability }));
  else if (n % 4 === 1) acknowledge(...(await bridge.storeChunks([`${id}a`, `${id}b`].map((i) => ({ id: i, content: contentOf(i) })), { durability })).ids);
  else if (n % 4 === 2) await bridge.searchSimilar(`content of c${n}`);
  else if (n % 32 === 3 && n > 200) { // one that was stored two rounds ago
    const gone = `c${n - 203}`;
    if (!ended) writeSync(1, `?${gone}\n`);
    if (await bridge.deleteChunk(gone)) acknowledge(`-${gone}`);
  } else await bridge.listChunks({ limit: 5 }).next();
  if (!ended) return next();
}

if (end === 'handled') process.on('SIGTERM', () => process.exit(143));
for (let i = 0; i < 96; i++) next();
if (after < 0 && end !== 'handled') finish();
