// The declarations, as a strict caller's compiler sees them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

import { ordered } from '../scripts/native-types.mjs';
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

test('the declarations of the binding have one order, whichever the build found', () => {
  const members = ['  constructor()\n', '  get ready(): boolean\n', '  /** Two. */\n  b(): void\n', '  /**\n   * One,\n   * of lines.\n   */\n  a(): void\n'];
  const of = (list) => `export declare class C {\n${list.join('')}}\n\nexport declare class D {\n  constructor()\n}\n`;
  const wanted = of([members[0], members[3], members[2], members[1]]);
  for (const list of [members, members.toReversed(), [members[2], members[0], members[3], members[1]]]) assert.equal(ordered(of(list)), wanted);
  const written = readFileSync(new URL('../native.d.ts', import.meta.url), 'utf8');
  assert.equal(ordered(written), written);
});
