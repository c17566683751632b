// Times to the first result from the installed package, in new processes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './pack-run.mjs';

const RUNS = 11;

/**
 * From the start of the process to the first hit of a store with 100 chunks, less that of a Node process that does
 * nothing: medians, and the best of each, of runs in turn. The files are in the system's cache.
 */
export function timings(app, work, limits) {
  const kinds = { nothing: nothing(app), without_model_ms: first(app, work, false), with_model_ms: first(app, work, true) };
  const all = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  for (let i = 0; i < RUNS; i++) for (const [kind, file] of Object.entries(kinds)) all[kind].push(Number(run(process.execPath, [file], work).stdout));
  const start = median(all.nothing);
  const beyond = (kind) => ({ median: round(median(all[kind]) - start), best: round(Math.min(...all[kind]) - Math.min(...all.nothing)), limit: limits[kind] });
  return { runs: RUNS, node_start_ms: round(start), without_model_ms: beyond('without_model_ms'), with_model_ms: beyond('with_model_ms') };
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

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const round = (ms) => Math.round(ms * 10) / 10;
