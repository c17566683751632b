// `fluorite learn --files`, `suggest`, `patterns` and `render`.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ended, json, onStore, records } from './cli.mjs';
import { folder, root } from './helpers.mjs';

const asLines = (values) => values.map((v) => `${JSON.stringify(v)}\n`).join('');

test('learn --files takes code and Markdown, then only what changed', async () => {
  const cwd = folder();
  const at = onStore(cwd);
  mkdirSync(join(cwd, 'src'));
  writeFileSync(join(cwd, 'src', 'retry.ts'), 'export function retryRequest(times: number): number {\n  return times + 1;\n}\n');
  writeFileSync(join(cwd, 'src', 'guide.md'), '# Guide\n\nHow requests are sent again.\n');
  writeFileSync(join(cwd, 'src', 'secret.md'), '# Secret\n\nNot for everyone.\n');
  writeFileSync(join(cwd, 'src', '.gitignore'), 'secret.md\n');
  const first = json(await at(['learn', '--files', 'src', '--json']));
  assert.deepEqual([first.stored, first.updated, first.removed], [2, 0, 0]);
  assert.ok(json(await at(['search', 'retryRequest', '--json'])).hits.length > 0);
  assert.deepEqual(json(await at(['search', 'secret everyone', '--json'])).hits.filter((h) => h.content.includes('everyone')), []);
  writeFileSync(join(cwd, 'src', 'guide.md'), '# Guide\n\nHow requests are sent thrice.\n');
  rmSync(join(cwd, 'src', 'retry.ts'));
  assert.match(ended(await at(['learn', '--files', 'src'])), /0 new, 1 changed, 0 renamed, 0 unchanged, 1 removed/);
  assert.match(ended(await at(['stats', '--learning'])), /^chunks +1: 0 of spikes, 1 of files[^]*folders:\n +files .*src: 1 files, 1 chunks[^]*last runs:\n.* files src: 1 updated, 1 removed, .*\n.* files src: 2 stored, /);
  assert.equal(json(await at(['stats', '--learning', '--json'])).runs.length, 2);
  ended(await at(['learn', '--files']), 2);
  ended(await at(['learn', '--files', 'src', '--no-patterns']), 2);
  ended(await at(['learn', 'src', '--max-tokens', '50']), 2);
  const both = records(await at(['learn', 'src', 'src', '--json']));
  assert.deepEqual(both.map((r) => [r.path, r.found]), [['src', 0], ['src', 0]]);
  ended(await at(['learn', '--files', 'absent']), 3);
  ended(await at(['learn', 'absent']), 3);
});

test('suggest and patterns rest on what the chunks use', async () => {
  const at = onStore(folder());
  const together = (i) => ({ id: `t${i}`, content: `import { PrismaClient } from '@prisma/client'\nexport const client${i} = new PrismaClient({ log: ['query'] })\nexport default client${i}`, frameworks: ['nextjs', 'prisma'] });
  const apart = (i) => ({ id: `a${i}`, content: `other text ${i}`, frameworks: ['express'] });
  ended(await at(['import'], { input: asLines([0, 1, 2, 3].map(together).concat([0, 1, 2].map(apart))) }));
  const found = json(await at(['suggest', 'next.js', '--json']));
  assert.deepEqual([found[0].framework, found[0].support], ['prisma', 4]);
  assert.match(ended(await at(['suggest', 'nextjs'])), /^prisma {2}4 with nextjs \(100 %/);
  const patterns = records(await at(['patterns', 'nextjs', 'prisma', '--json']));
  assert.equal(patterns[0].chunk_type, 'pattern');
  const again = await at(['import', '--namespace', 'patterns'], { input: asLines(patterns) });
  assert.match(ended(again), / 0 unchanged\n$/, 'patterns are stored as they are');
  const none = await at(['patterns', 'express', 'prisma']);
  assert.equal(ended(none), '');
});

test('render prints a template, or writes it below a folder without overwriting', async () => {
  const cwd = folder();
  const at = onStore(cwd);
  mkdirSync(join(cwd, 'spikes'));
  copyFileSync(join(root, 'examples', 'spikes', 'fastapi-minimal.json'), join(cwd, 'spikes', 'fastapi-minimal.json'));
  ended(await at(['learn', 'spikes']));
  const printed = ended(await at(['render', 'spike:fastapi-minimal', '-p', 'project_name=shop']));
  assert.match(printed, /^--- shop\/main\.py\nfrom fastapi import FastAPI/);
  ended(await at(['render', 'spike:fastapi-minimal', '--out', 'made', '-p', 'port=9000']));
  assert.match(readFileSync(join(cwd, 'made', 'fastapi-minimal', 'run.sh'), 'utf8'), /--port 9000/);
  const again = await at(['render', 'spike:fastapi-minimal', '--out', 'made']);
  ended(again, 2);
  assert.match(again.stderr, /exists already/);
  ended(await at(['render', 'spike:fastapi-minimal', '--out', 'made', '--force']));
  const outside = folder();
  mkdirSync(join(cwd, 'linked'));
  symlinkSync(outside, join(cwd, 'linked', 'fastapi-minimal'), 'junction');
  const linked = await at(['render', 'spike:fastapi-minimal', '--out', 'linked', '--force']);
  ended(linked, 2);
  assert.match(linked.stderr, /symbolic link/);
  assert.deepEqual(readdirSync(outside), []);
  ended(await at(['render', 'spike:fastapi-minimal', '-p', 'nonsense=1']), 2);
  ended(await at(['render', 'spike:absent']), 3);
});
