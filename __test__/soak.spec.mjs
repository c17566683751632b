// 50,000 calls of every kind leave no memory behind. `npm run soak` makes a million and prints bytes per call.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from './helpers.mjs';

test('50,000 calls grow the process by less than 20 MB', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'benches', 'soak.mjs'), '--calls', '50000', '--growth_mb', '20'], { encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  const report = JSON.parse(stdout);
  assert.ok(report.calls >= 50_000 && report.growth_mb < 20, stdout);
});
