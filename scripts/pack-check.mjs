#!/usr/bin/env node
// What a user gets, tried here: stages and packs the root package and this platform's, dry-runs their publication,
// installs the tarballs into an empty folder outside the repository (no network, no install scripts), and works with them
// there as the audiences do. Prints what it found as JSON; ends with 1 when something does not hold. Times are printed, and held
// against the limits with --limits alone: on a machine that does other work they say little.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { strays } from './outputs.mjs';
import { audiences } from './pack-audiences.mjs';
import { install, manifestsOnly, packAll } from './pack-install.mjs';
import { root } from './pack-run.mjs';
import { timings } from './pack-timings.mjs';

/** Milliseconds beyond Node's own start, the median: without the model, and with it. */
const LIMITS = { without_model_ms: 60, with_model_ms: 400 };

const work = mkdtempSync(join(tmpdir(), 'fluorite-pack-'));
try {
  const packed = packAll(work);
  const left = packed.flatMap(({ contents }) => strays(root, contents));
  if (left.length > 0) throw new Error(`packed, and there is no source for it in lib/: ${left.join(', ')}; npm run build removes what tsc made`);
  const app = join(work, 'app');
  mkdirSync(app);
  const installed = install(packed, app);
  const packages = [...packed.map(({ tarball, manifest, contents, ...rest }) => rest), ...manifestsOnly(work)];
  const report = { packages, installed, works: await audiences(packed, app, work), times: { ...timings(app, work), limits: LIMITS } };
  console.log(JSON.stringify(report, null, 2));
  const failed = Object.entries(report.works).filter(([, outcome]) => outcome !== 'ok').map(([what]) => what);
  if (failed.length > 0) fail(`does not work from the tarballs: ${failed.join(', ')}`);
  if (process.argv.includes('--limits')) {
    for (const [name, limit] of Object.entries(LIMITS)) {
      const { median } = report.times[name];
      if (median > limit) fail(`${name}: the median is ${median} ms, the limit ${limit}`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
