// `fluorite learn --files`, `suggest`, `patterns` and `render`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

test('an empty file is new at no run, and a byte order mark is no part of a text', async () => {
  const cwd = folder();
  const at = onStore(cwd);
  mkdirSync(join(cwd, 'src'));
  writeFileSync(join(cwd, 'src', 'empty.md'), '');
  writeFileSync(join(cwd, 'src', 'guide.md'), '\ufeff# Guide\n\nHow requests are sent again.\n');
  writeFileSync(join(cwd, 'src', 'data.json'), '\ufeff{ "name": "a" }\n');
  const first = json(await at(['learn', '--files', 'src', '--json']));
  assert.deepEqual([first.stored, first.empty, first.unparsed], [2, 1, []]);
  assert.deepEqual(json(await at(['get', 'file:guide.md#Guide', '--json'])).metadata.headings, ['Guide']);
  assert.match(ended(await at(['learn', '--files', 'src'])), /0 new, 0 changed, 0 renamed, 2 unchanged, 0 removed\n.*; 1 empty files, 0 files of other kinds/);
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
  assert.match(again.stderr, /made\/fastapi-minimal\/\S+" exists \(and \d+ more\): --force overwrites, or choose another --out; nothing was written\n$/);
  ended(await at(['render', 'spike:fastapi-minimal', '--out', 'made', '--force']));
  const outside = folder();
  mkdirSync(join(cwd, 'linked'));
  symlinkSync(outside, join(cwd, 'linked', 'fastapi-minimal'), 'junction');
  const linked = await at(['render', 'spike:fastapi-minimal', '--out', 'linked', '--force']);
  ended(linked, 2);
  assert.match(linked.stderr, /symbolic link/);
  assert.deepEqual(readdirSync(outside), []);
  ended(await at(['render', 'spike:fastapi-minimal', '-p', 'nonsense=1']), 2);
  // names that some file system reads as .git: what lies there may run programs
  for (const name of ['.git', '.GIT', 'git~1', 'GIT~2', '.g\u200cit', '\ufeff.git', '.git.', '.git ', '.git::$INDEX_ALLOCATION', 'x/.git', 'x\\git~1']) {
    const refused = await at(['render', 'spike:fastapi-minimal', '--out', 'repository', '-p', `project_name=${name}`]);
    ended(refused, 2);
    assert.match(refused.stderr, /of a rendered file .*: give other values\n$/, name);
  }
  assert.equal(existsSync(join(cwd, 'repository')), false);
  ended(await at(['render', 'spike:fastapi-minimal', '--out', 'repository', '-p', 'project_name=.github']));
  ended(await at(['render', 'spike:absent']), 3);
});

test('watch learns, tells of every change and ends with Ctrl-C', async () => {
  const cwd = folder();
  const at = onStore(cwd);
  mkdirSync(join(cwd, 'src'));
  writeFileSync(join(cwd, 'src', 'a.md'), '# A\n');
  let out = '';
  const watched = await at(['watch', '--files', 'src', '--debounce', '20', '--json'], {
    start: (child) => child.stdout.on('data', (d) => {
      const before = out;
      out += d;
      const now = (text) => out.includes(text) && !before.includes(text);
      if (now('"watching"')) writeFileSync(join(cwd, 'src', 'b.md'), '# B\n');
      if (out.split('\n').filter((l) => l.includes('"stored":1')).length === 2 && before !== out) child.kill('SIGINT');
    }),
  });
  ended(watched, 130);
  const told = watched.stdout.split('\n').filter(Boolean).map((l) => JSON.parse(l));
  assert.deepEqual(told.map((p) => [p.phase, p.report?.stored ?? null]).filter(([, n]) => n !== 0), [['done', 1], ['watching', null], ['done', 1]]);
  assert.equal(json(await at(['stats', '--json'])).chunks, 2);
  ended(await at(['watch', '--files', 'absent']), 3);
  ended(await at(['watch']), 2);
});

test('learn --git and --url take what lies elsewhere, and say so', async () => {
  const cwd = folder();
  const at = onStore(cwd);
  mkdirSync(join(cwd, 'repo'));
  writeFileSync(join(cwd, 'repo', 'a.md'), '# A\n');
  const git = (...args) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', join(cwd, 'repo'), ...args]);
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'x');
  assert.match(ended(await at(['learn', '--git', 'repo#main', '--cache-dir', 'copies'])), /1 new[^]* fetched .*repo#main at [0-9a-f]{40}/);
  const both = json(await at(['learn', '--git', 'repo#main', '--url', 'http://127.0.0.1:1/x', '--cache-dir', 'copies', '--json']), 1);
  assert.deepEqual(both.sources.map((s) => s.state), ['unchanged', 'failed']);
  assert.deepEqual(readdirSync(join(cwd, 'copies')).filter((name) => !name.endsWith('.json')).length, 1);
  ended(await at(['learn', '--git', '--upload-pack=x', '--cache-dir', 'copies']), 2);
  ended(await at(['learn', '--files', 'repo', '--cache-dir', 'copies']), 2);
});
