// Writes a store until it is told to stop or is killed: a line before each batch, one when it was acknowledged.
import { FluoriteBridge } from '../../index.mjs';

const { at, rounds = Infinity } = JSON.parse(process.argv[2]);
const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false, memory: { segment_mb: 1 } });
const say = (line) => process.stdout.write(`${line}\n`);
say('open');
for (let round = 0; round < rounds; round++) {
  // a batch is one content under four ids: half a batch shows as two contents
  const chunks = [0, 1, 2, 3].map((i) => ({ id: `m${i}`, content: `round ${round} of all four`, tags: [`r${round}`] }));
  say(`begin ${round}`);
  await bridge.storeChunks([...chunks, { id: `c${round}`, content: `chunk ${round} ${'words '.repeat(200)}` }], { atomic: true });
  say(`done ${round}`);
  if (round > 20 && round % 2 === 0) await bridge.deleteChunk(`c${round - 20}`);
  if (round % 50 === 49) await bridge.optimize();
}
await bridge.shutdown();
say('closed');
