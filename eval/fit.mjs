#!/usr/bin/env node
// Fits the weights of ranking on the development questions: features come out of the engine by `explain`.
//   node eval/fit.mjs                     prints NDCG@10 before and after (also of folds that were held out), and the weights
//   node eval/fit.mjs --write             writes them to crates/fluorite-memory/src/search/weights.json when they are better on
//                                         the held-out folds of all sets on average (build, then measure)
//   node eval/fit.mjs --sets cosqa,extra
// `same_file`, `neighbours` and `session` depend on the blended scores and are taken as the engine gave them: build and run it
// again until the weights stay. Frozen questions are never read.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, say } from './data.mjs';
import { ofSplit } from './evaluate.mjs';
import { example, fit, flat, named, ranking, values } from './learn.mjs';
import { search } from './legs.mjs';
import { mean, ndcg } from './metrics.mjs';
import { model as findModel } from './model.mjs';
import { SETS } from './sets/index.mjs';
import { openStore } from './store.mjs';

const FILE = join(root, 'crates', 'fluorite-memory', 'src', 'search', 'weights.json');
const FOLDS = 5;
/** Candidates that the engine judges by their signals. */
const DEPTH = 100;

const { values: args } = parseArgs({ options: { sets: { type: 'string' }, write: { type: 'boolean', default: false } } });
const weights = JSON.parse(readFileSync(FILE, 'utf8'));
const from = flat(weights);
const sets = [];
for (const name of args.sets?.split(',') ?? Object.keys(SETS)) {
  const set = await SETS[name]();
  if (set.absent) say(`${name}: skipped, ${set.absent}`);
  else sets.push({ name, queries: await examples(set) });
}
if (sets.length === 0) throw new Error('no set is there to be fitted on');

// The model written down in learn.mjs must be the engine's own.
for (const { name, queries } of sets) {
  for (const q of queries) {
    const off = values(from, q).findIndex((v, i) => Math.abs(v - q.candidates[i].value) > 0.01);
    if (off >= 0) throw new Error(`${name}: the engine ranked with other weights than ${FILE} holds: build first`);
  }
}

const lists = sets.map((s) => s.queries);
const after = fit(lists, from);
const heldOut = sets.map((s) => s.queries.map(() => 0));
for (let fold = 0; fold < FOLDS; fold++) {
  const inside = (_, i) => i % FOLDS === fold;
  const w = fit(lists.map((list) => list.filter((q, i) => !inside(q, i))), from);
  sets.forEach(({ queries }, s) => queries.forEach((q, i) => inside(q, i) && (heldOut[s][i] = ndcg(ranking(w, q), q.positives))));
}
const rows = sets.map(({ name, queries }, s) => ({
  set: name,
  n: queries.length,
  before: mean(queries.map((q) => ndcg(ranking(from, q), q.positives))),
  after: mean(queries.map((q) => ndcg(ranking(after, q), q.positives))),
  held_out: mean(heldOut[s]),
}));
for (const r of rows) say(`${r.set}: n ${r.n}, before ${r.before.toFixed(3)}, after ${r.after.toFixed(3)}, folds held out ${r.held_out.toFixed(3)}`);
const text = written(named(after, weights));
const better = mean(rows.map((r) => r.held_out)) > mean(rows.map((r) => r.before));
say(better ? 'better on questions held out' : 'not better on questions held out: the weights there are stay');
if (args.write && better) writeFileSync(FILE, text);
process.stdout.write(text);

/** Development queries of a set with their candidates. */
async function examples(set) {
  const queries = ofSplit(set.queries, 'dev');
  const { bridge, close } = await openStore(set, findModel());
  try {
    const hits = await search(bridge, queries, { limit: DEPTH, explain: true, fields: ['namespace'] });
    return queries.map((q) => example(q, hits.get(q.id), set.unitOf, weights));
  } finally {
    await close();
  }
}

/** As the file is laid out: a line per part, three digits. */
function written(w) {
  const line = (part) => `{ ${Object.entries(part).map(([k, v]) => `"${k}": ${Number(v.toPrecision(3))}`).join(', ')} }`;
  return `{\n${Object.entries(w).map(([k, part]) => `  "${k}": ${line(part)}`).join(',\n')}\n}\n`;
}
