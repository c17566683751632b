#!/usr/bin/env node
// The small fixed slice of CI: does hybrid search still find what it found? Needs nothing outside the repository.
//   npm run eval -- --slice               exit code 1 when NDCG@10 fell more than .01 below eval/slice.json
//   npm run eval -- --slice --record      writes eval/slice.json
// Parts: this project's own sources as they were at the commit the questions are about (left out when the clone lacks it),
// and the sample of spikes in examples/spikes. Development questions only: the frozen ones are not for every push.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missing, questions, root, say, sha256 } from './data.mjs';
import { evaluate } from './evaluate.mjs';
import { model as findModel } from './model.mjs';
import * as repository from './sets/repository.mjs';
import * as spikes from './sets/spikes.mjs';

const FILE = fileURLToPath(new URL('./slice.json', import.meta.url));
/** How far NDCG@10 may fall. */
const SLACK = 0.01;
/** Folders of the project that are indexed: as many as two cores embed in half a minute. */
const FOLDERS = ['crates/fluorite-memory/src/index', 'crates/fluorite-memory/src/vfs', 'crates/fluorite-ml/src', 'crates/fluorite-learner/src', 'src', 'lib'];

/** Measures the slice, prints it, and gives the exit code. */
export async function slice({ record = false, fresh = false, json = false } = {}) {
  const floors = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {};
  const model = findModel();
  const rows = [];
  for (const set of [ownSources(), sample()]) {
    if (set.absent) {
      say(`${set.name}: skipped, ${set.absent}`);
      continue;
    }
    const { n, chunks, legs } = await evaluate(set, model, { legs: ['lexical', 'vector', 'hybrid'], split: 'dev', fresh });
    const ndcg = Object.fromEntries(Object.entries(legs).map(([leg, { means }]) => [leg, Number(means.ndcg.toFixed(4))]));
    const floor = floors[set.name]?.hybrid ?? null;
    rows.push({ part: set.name, n, chunks, ...ndcg, floor, ok: record || floor === null || ndcg.hybrid >= floor - SLACK });
  }
  if (record) writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(rows.map(({ part, n, hybrid }) => [part, { n, hybrid }])), null, 2)}\n`);
  const text = (r) => `${r.part}: n ${r.n}, ${r.chunks} chunks, NDCG@10 lexical ${r.lexical} vector ${r.vector} hybrid ${r.hybrid}; recorded ${r.floor ?? 'none'}: ${r.ok ? 'ok' : `FELL by ${(r.floor - r.hybrid).toFixed(4)}`}`;
  process.stdout.write(json ? `${JSON.stringify({ model, slice: rows })}\n` : `model sha256 ${model.sha256}\n${rows.map(text).join('\n')}\n`);
  if (rows.length === 0) say('nothing was measured');
  return rows.every((r) => r.ok) ? 0 : 1;
}

/** Questions whose answers all lie in the folders above. */
function ownSources() {
  const name = 'slice-repository';
  const [about, ...lines] = ['repository.json', 'repository.jsonl', 'extra-repository.jsonl'].map((file) => join(questions, file));
  const absent = missing(about, ...lines);
  if (absent) return { name, absent: `${absent} is not there` };
  const { own_commit, extensions } = JSON.parse(readFileSync(about, 'utf8'));
  const files = repository.ownFiles({ own: FOLDERS, own_commit, extensions });
  if (!files) return { name, absent: `commit ${own_commit} is not in this clone` };
  const known = new Set(files.map(([file]) => file));
  const queries = lines.flatMap((file) => repository.asked(file)).filter((q) => [...q.positives].every((id) => known.has(id)));
  return { ...repository.asSet(files), name, queries };
}

/** Questions with an answer in the sample. */
function sample() {
  const name = 'slice-spikes';
  const [folder, lines] = [join(root, 'examples', 'spikes'), join(questions, 'spikes.jsonl')];
  const absent = missing(folder, lines);
  if (absent) return { name, absent: `${absent} is not there` };
  const files = readdirSync(folder).filter((f) => f.endsWith('.json')).sort();
  const known = new Set(files.map((f) => f.slice(0, -'.json'.length)));
  const queries = spikes.asked(lines).map((q) => ({ ...q, positives: new Set([...q.positives].filter((id) => known.has(id))) }));
  return {
    name,
    unit: 'template',
    key: sha256(...files.map((f) => readFileSync(join(folder, f)))),
    fill: (bridge, on_progress) => bridge.learnFromSpikes({ path: folder, on_progress }),
    unitOf: spikes.spikeId,
    queries: queries.filter((q) => q.positives.size > 0),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await slice({ record: process.argv.includes('--record'), fresh: process.argv.includes('--fresh'), json: process.argv.includes('--json') });
}
