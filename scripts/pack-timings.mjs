// Times to the first result from the installed package, in new processes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './pack-run.mjs';

const RUNS = 15;

/**
 * Milliseconds from the start of the process to the first hit of a store with 100 chunks, less those of a Node process that does
 * nothing, run right before it. Warm: all files are in the system's cache, as after any earlier start. The first start after a
 * boot also reads them from the disk, which is not measured here.
 */
export function timings(app, work) {
  const kinds = { nothing: nothing(app), without_model_ms: first(app, work, false), with_model_ms: first(app, work, true) };
  const rounds = Array.from({ length: RUNS }, () => {
    const spent = (kind) => Number(run(process.execPath, [kinds[kind]], work).stdout);
    const beyond = (kind) => {
      const start = spent('nothing');
      return spent(kind) - start;
    };
    return { nothing: spent('nothing'), without_model_ms: beyond('without_model_ms'), with_model_ms: beyond('with_model_ms') };
  });
  const all = (kind) => rounds.map((round) => round[kind]);
  return { runs: RUNS, files: 'warm', node_start_ms: spread(all('nothing')), without_model_ms: spread(all('without_model_ms')), with_model_ms: spread(all('with_model_ms')) };
}

/** Milliseconds since the process began, by its own clock, which starts with it. */
const REPORT = 'process.stdout.write(String(performance.now()));';

function nothing(app) {
  const file = join(app, 'nothing.cjs');
  writeFileSync(file, REPORT);
  return file;
}

function first(app, work, ml) {
  const store = join(work, `timed-${ml}`);
  mkdirSync(store);
  const open = `const { FluoriteBridge } = require('fluorite-bridge');
    const main = async () => {
      const bridge = await FluoriteBridge.open({ memory_path: ${JSON.stringify(store)}, enable_ml: ${ml} });`;
  const fill = join(app, `fill-${ml}.cjs`);
  writeFileSync(fill, `${open}
      await bridge.storeChunks(Array.from({ length: 100 }, (_, i) => ({ id: 'c' + i, content: 'Note ' + i + ': prune the roses' })));
      await bridge.shutdown();
    };
    main();`);
  run(process.execPath, [fill], work);
  const file = join(app, `first-${ml}.cjs`);
  writeFileSync(file, `${open}
      const [hit] = await bridge.searchSimilar('roses', 1);
      if (!hit) throw new Error('nothing found');
      ${REPORT}
      await bridge.shutdown();
    };
    main();`);
  return file;
}

/** Median, quartiles and extremes. */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.round(share * (sorted.length - 1))] * 10) / 10;
  return { median: at(0.5), quartiles: [at(0.25), at(0.75)], extremes: [at(0), at(1)] };
}
