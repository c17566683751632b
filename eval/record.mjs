// The last recorded run, committed as eval/last.json, and how a run compares with it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pairedBootstrap } from './bootstrap.mjs';

const FILE = fileURLToPath(new URL('./last.json', import.meta.url));
const four = (x) => Number(x.toFixed(4));

export function readRecord() {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : null;
}

/** Writes the sets of this run over those of the record; sets that did not run stay as they are, with their own model. */
export function writeRecord(results, { model, settings }) {
  const sets = readRecord()?.sets ?? {};
  for (const set of results) {
    const legs = Object.fromEntries(Object.entries(set.legs).map(([leg, { means }]) => [leg, four(means.ndcg)]));
    const hybrid = Object.fromEntries(set.legs.hybrid.queries.map(({ id, ndcg }) => [id, four(ndcg)]));
    sets[set.name] = { n: set.n, chunks: set.chunks, content: set.key, questions: set.questions, model: model.sha256, settings, ndcg: legs, hybrid };
  }
  const lines = Object.entries(sets).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, set]) => `${JSON.stringify(name)}: ${JSON.stringify(set)}`);
  writeFileSync(FILE, `{"sets": {\n${lines.join(',\n')}\n}}\n`);
  return FILE;
}

/** Hybrid NDCG@10 of this run against the record, over the queries both have. */
export function compare(results, record, model) {
  const rows = [];
  for (const set of results) {
    const before = record?.sets[set.name];
    if (!before || !set.legs.hybrid) continue;
    const both = set.legs.hybrid.queries.filter(({ id }) => id in before.hybrid);
    const result = pairedBootstrap(both.map((q) => four(q.ndcg)), both.map((q) => before.hybrid[q.id]));
    const notes = [
      before.content === set.key ? null : 'content differs',
      before.questions === set.questions ? null : 'questions differ',
      before.model === model.sha256 ? null : 'model differs',
    ].filter(Boolean);
    if (result) rows.push({ set: set.name, ...result, notes });
  }
  return rows;
}
