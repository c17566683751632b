// The planted bugs of `npm run mutants` are in no addon: neither the switch nor one of their names.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from './helpers.mjs';

const NAMES = /mutant!\("(\w+)"\)/g;

test('no addon has a planted bug', () => {
  const sources = readdirSync(join(root, 'crates'), { recursive: true }).filter((f) => f.endsWith('.rs'));
  const names = new Set();
  for (const f of sources) for (const [, name] of readFileSync(join(root, 'crates', f), 'utf8').matchAll(NAMES)) names.add(name);
  assert.ok(names.size >= 12, `${names.size} planted bugs in the sources`);
  const script = readFileSync(join(root, 'scripts', 'mutants.mjs'), 'utf8');
  for (const name of names) assert.ok(script.includes(`  ${name}: [`), `scripts/mutants.mjs does not run ${name}`);
  const addons = readdirSync(root).filter((f) => f.endsWith('.node'));
  assert.ok(addons.length > 0);
  for (const addon of addons) {
    const bytes = readFileSync(join(root, addon));
    assert.ok(bytes.includes('FLUORITE_MODELS_PATH') || bytes.includes('CHUNK_TOO_LARGE'), 'strings of the engine are found');
    for (const name of ['FLUORITE_MUTANT', ...names]) assert.equal(bytes.indexOf(name), -1, `${addon} has ${name}`);
  }
});
