#!/usr/bin/env node
// Checks the question files: shape, ids, halves, files that answer, and that no question repeats its answer's title.
//   node eval/questions/check.mjs [folder of spike templates, unpacked]
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '..', '..');
const [spikes] = process.argv.slice(2);
const SMALL = new Set('a an the of to in on for and or with by from is are be as at it its how do does what which when i we my our'.split(' '));
const faults = [];

/** Lines of a question file; ids are unique, texts are unique, splits are one of two. */
function questions(name) {
  const file = join(here, name);
  if (!existsSync(file)) return [];
  const list = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  for (const key of ['id', 'query']) {
    if (new Set(list.map((q) => q[key])).size !== list.length) faults.push(`${name}: a ${key} occurs twice`);
  }
  for (const q of list) {
    if (q.split !== 'dev' && q.split !== 'frozen') faults.push(`${q.id}: split ${q.split}`);
  }
  return list;
}

/** Half of each group must be frozen. */
function halves(list, group) {
  const counts = {};
  for (const q of list) {
    const c = (counts[group(q)] ??= { dev: 0, frozen: 0 });
    c[q.split] += 1;
  }
  for (const [name, c] of Object.entries(counts)) {
    if (c.dev !== c.frozen) faults.push(`${name}: ${c.dev} dev, ${c.frozen} frozen`);
  }
  return counts;
}

function checkRepository() {
  const list = questions('repository.jsonl');
  const about = JSON.parse(readFileSync(join(here, 'repository.json'), 'utf8'));
  const run = (command, args) => execFileSync(command, args, { cwd: root, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
  const own = new Set(run('git', ['ls-tree', '-r', '--name-only', about.own_commit]).toString().split('\n'));
  const { packages } = JSON.parse(run('cargo', ['metadata', '--format-version', '1', '--offline']).toString());
  const folders = new Map();
  for (const { name, kind, version } of about.dependencies) {
    const crate = kind === 'cargo' && packages.find((p) => p.name === name && p.version === version);
    const folder = crate ? dirname(crate.manifest_path) : join(root, 'node_modules', name);
    const found = crate ? version : JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
    if (found !== version) faults.push(`${name}: version ${found} here, ${version} when the questions were written`);
    folders.set(name, folder);
  }
  const extra = questions('extra-repository.jsonl');
  for (const { id, split } of extra) if (split !== 'dev') faults.push(`${id}: the extra questions are for development alone`);
  for (const { id, answers } of [...list, ...extra]) {
    if (answers.length === 0) faults.push(`${id}: no answer`);
    for (const answer of answers) {
      const [name, ...path] = answer.split('/');
      const there = name === 'fluorite' ? own.has(path.join('/')) : folders.has(name) && existsSync(join(folders.get(name), ...path));
      if (!there) faults.push(`${id}: ${answer} does not exist`);
      if (name === 'fluorite' && !about.own.some((f) => path.join('/').startsWith(`${f}/`))) faults.push(`${id}: ${answer} is not indexed`);
    }
  }
  return halves(list, (q) => `${q.kind} ${q.answers[0].startsWith('fluorite/') ? 'own' : 'dependency'}`);
}

const words = (text) => (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((w) => !SMALL.has(w));

/** The first run of three content words that both texts have. */
function sharedRun(query, title) {
  const known = words(title);
  const runs = new Set(known.slice(2).map((_, i) => known.slice(i, i + 3).join(' ')));
  const asked = words(query);
  return asked.slice(2).map((_, i) => asked.slice(i, i + 3).join(' ')).find((run) => runs.has(run));
}

function checkSpikes() {
  const list = questions('spikes.jsonl');
  const byId = new Map(list.map((q) => [q.id, q]));
  for (const q of list) {
    if (q.positives.length < 1 || q.positives.length > 12) faults.push(`${q.id}: ${q.positives.length} positives`);
    if (new Set(q.positives).size !== q.positives.length) faults.push(`${q.id}: a positive twice`);
    if (q.parallel) {
      const english = byId.get(q.parallel);
      if (!english || english.split !== q.split) faults.push(`${q.id}: ${q.parallel} is not in the same half`);
      else if (`${english.positives}` !== `${q.positives}`) faults.push(`${q.id}: other positives than ${q.parallel}`);
    }
    for (const id of spikes ? q.positives : []) {
      const file = join(spikes, `${id}.json`);
      if (!existsSync(file)) {
        faults.push(`${q.id}: ${id} does not exist`);
        continue;
      }
      const spike = JSON.parse(readFileSync(file, 'utf8').replace(/[\u0000-\u001f]/g, ' ')); // raw breaks: the learner repairs them
      if (spike.id !== id) faults.push(`${q.id}: ${id} calls itself ${spike.id}`);
      for (const title of [spike.name, id]) {
        const run = sharedRun(q.query, title);
        if (run) faults.push(`${q.id}: shares "${run}" with the title of ${id}`);
      }
    }
  }
  return halves(list, (q) => q.lang);
}

console.log({ repository: checkRepository(), spikes: checkSpikes() });
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
