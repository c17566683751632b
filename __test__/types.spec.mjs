// The declarations, as a strict caller's compiler sees them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

import { root } from './helpers.mjs';

test('the type tests compile under strict settings', () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', join(root, '__test__', 'types')], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

/** The declarations of every entry point and of what they import. */
function declarations() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const types = (target) => (typeof target === 'string' ? (/\.d\.[cm]?ts$/.test(target) ? [target] : []) : Object.values(target).flatMap(types));
  const seen = new Set(Object.values(exports).flatMap(types).map((file) => join(root, file)));
  for (const file of seen) {
    const imported = readFileSync(file, 'utf8').matchAll(/(?:from |import\()['"](\.[^'"]*)\.([cm]?)js['"]/g);
    for (const [, path, kind] of imported) seen.add(join(dirname(file), `${path}.d.${kind}ts`));
  }
  return [...seen];
}

test('no declaration says any', () => {
  const files = declarations().map((file) => relative(root, file));
  for (const entry of ['index', 'facade', 'nestjs', 'mcp', 'langgraph', 'testing']) assert.ok(files.some((file) => file.startsWith(entry)), entry);
  for (const file of files) {
    const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|"[^"\n]*"/g, '');
    const declared = code.replace(/^ *any\?: /gm, ''); // the member of SetFilter
    assert.doesNotMatch(declared, /\bany\b/, file);
  }
});
