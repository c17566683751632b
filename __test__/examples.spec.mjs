// The plain scripts under examples/: run as their READMEs say, they print what those show.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder, root } from './helpers.mjs';

const examples = join(root, 'examples');
/** The output the README of an example shows. */
const shown = (name) => /```text\n([\s\S]*?)```/.exec(readFileSync(join(examples, name, 'README.md'), 'utf8'))[1];

function run(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder(), encoding: 'utf8', timeout: 120_000 });
  assert.equal(status, 0, stdout + stderr);
  assert.equal(stderr, '');
  return stdout;
}

test('TypeScript: compiles under strict settings and prints what its README shows', () => {
  run(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(examples, 'typescript'));
  assert.equal(run(join(examples, 'typescript', 'dist', 'decisions.mjs')), shown('typescript'));
});

test('CommonJS: prints what its README shows', () => {
  const script = join(examples, 'commonjs', 'faq.cjs');
  assert.equal(run(script) + run(script, './faq', 'how do I close my account?'), shown('commonjs'));
});

test('CommonJS: a failure is told by its code', () => {
  const file = join(root, 'package.json'); // not a folder
  const { status, stderr } = spawnSync(process.execPath, [join(examples, 'commonjs', 'faq.cjs'), file], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /^[A-Z_]+: /);
});
