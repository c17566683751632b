#!/usr/bin/env node
// What a user gets, tried here: stages and packs the root package and this platform's, dry-runs their publication,
// installs the tarballs into an empty folder outside the repository (no network, no install scripts), and works with them
// there as the audiences do. Prints what it found as JSON; ends with 1 when something does not hold.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { audiences } from './pack-audiences.mjs';
import { install, packAll } from './pack-install.mjs';
import { timings } from './pack-timings.mjs';

/** Milliseconds beyond Node's own start: without the model, and with it. Held against the lower of median and best: other work on the machine only adds. */
const LIMITS = { without_model_ms: 60, with_model_ms: 400 };

const work = mkdtempSync(join(tmpdir(), 'fluorite-pack-'));
try {
  const packed = packAll(work);
  const app = join(work, 'app');
  mkdirSync(app);
  const installed = install(packed, app);
  const report = { packages: packed.map(({ tarball, manifest, ...rest }) => rest), installed, works: await audiences(packed, app, work), times: timings(app, work, LIMITS) };
  console.log(JSON.stringify(report, null, 2));
  const failed = Object.entries(report.works).filter(([, outcome]) => outcome !== 'ok').map(([what]) => what);
  if (failed.length > 0) fail(`does not work from the tarballs: ${failed.join(', ')}`);
  for (const [name, limit] of Object.entries(LIMITS)) {
    const { median, best } = report.times[name];
    if (Math.min(median, best) > limit) fail(`${name}: ${median} ms, at best ${best}; the limit is ${limit}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
