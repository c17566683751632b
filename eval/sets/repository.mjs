// Question -> files of this project and of five dependencies that answer. Chunks are indexed, files are ranked.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileOf, keyOf, store } from '../cut.mjs';
import { missing, questions, readLines, root } from '../data.mjs';
import { crates, filesOf, npmPackages } from '../dependencies.mjs';

export const name = 'repository';

export async function load() {
  const [about, lines] = [join(questions, 'repository.json'), join(questions, 'repository.jsonl')];
  const absent = missing(about, lines);
  if (absent) return { name, absent: `${absent} is not there` };
  const { dependencies, extensions, ...own } = JSON.parse(readFileSync(about, 'utf8'));
  const files = ownFiles({ ...own, extensions });
  if (!files) return { name, absent: `commit ${own.own_commit}, whose files the questions are about, is not in this clone (git fetch --unshallow)` };
  const known = [...crates(), ...npmPackages()];
  for (const wanted of dependencies) {
    const found = known.find((p) => p.kind === wanted.kind && p.name === wanted.name && (wanted.version ?? p.version) === p.version);
    if (!found) return { name, absent: `${wanted.kind} package ${wanted.name} ${wanted.version ?? ''} is not installed` };
    for (const path of filesOf(found.folder, extensions)) files.push([`${wanted.name}/${path}`, readFileSync(join(found.folder, path), 'utf8')]);
  }
  return { ...asSet(files), name, queries: asked(lines) };
}

/** A set without questions: files in chunks, ranked by file. The best 50 chunks have ten files as a rule. */
export const asSet = (files) => ({ unit: 'file', limit: 50, unitOf: fileOf, key: keyOf(files), fill: (bridge, on_progress) => store(bridge, files, on_progress) });

export const asked = (file) => readLines(file).map(({ id, split, kind, query, answers }) => ({ id, split, group: kind, query, positives: new Set(answers) }));

/** This project's own files as `[file id, text]`, as they were when the questions were written; `null` when git has no such commit. */
export function ownFiles({ own, own_exclude = [], own_commit, extensions }) {
  const git = (...args) => spawnSync('git', args, { cwd: root, maxBuffer: 1 << 28, encoding: 'utf8' });
  const listed = git('ls-tree', '-r', '--name-only', '-z', own_commit, '--', ...own);
  if (listed.status !== 0) return null;
  const inside = (path, folders) => folders.some((f) => path === f || path.startsWith(`${f}/`));
  const paths = listed.stdout.split('\0').filter((p) => p && !inside(p, own_exclude) && extensions.includes(p.slice(p.lastIndexOf('.') + 1)));
  const texts = paths.map((path) => [`fluorite/${path}`, git('show', `${own_commit}:${path}`).stdout]);
  return texts.filter(([, text]) => typeof text === 'string');
}
