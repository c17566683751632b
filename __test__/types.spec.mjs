// The declarations, as a strict caller's compiler sees them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from './helpers.mjs';

test('the type tests compile under strict settings', () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', join(root, '__test__', 'types')], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('no declaration says any', () => {
  const facade = readdirSync(join(root, 'facade')).filter((n) => n.endsWith('.d.ts')).map((n) => join('facade', n));
  for (const file of ['index.d.ts', ...facade]) {
    const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*|'[^']*'/g, '');
    const declared = code.replace(/^ {4}any\?: /gm, ''); // the member of SetFilter
    assert.doesNotMatch(declared, /\bany\b/, file);
  }
});
