// One set, all its figures.
import { pairedBootstrap } from './bootstrap.mjs';
import { sha256 } from './data.mjs';
import { dump } from './dump.mjs';
import { rankings } from './legs.mjs';
import { figures, mean, means } from './metrics.mjs';
import { openStore } from './store.mjs';

/** Queries of a split. Sets without a frozen half are development sets as a whole. */
export const ofSplit = (queries, split) => queries.filter((q) => split === 'all' || (q.split ?? 'dev') === split);

/** A query is in no group, one or several. */
const groupsOf = (query) => [query.group ?? []].flat();

/** Figures of a set by leg and by group; `null` when it has no query in the split. */
export async function evaluate(set, model, { legs, split, fresh, exact, dumpFile }) {
  const queries = ofSplit(set.queries, split);
  if (queries.length === 0) return null;
  const { bridge, key, close } = await openStore(set, model, { fresh });
  try {
    const lists = await rankings(bridge, set, queries, legs, exact ? { exact } : {});
    if (dumpFile) await dump(dumpFile, bridge, set, queries);
    const measured = Object.fromEntries(legs.map((leg) => [leg, queries.map((q) => ({ id: q.id, ...figures(lists[leg].get(q.id), q.positives) }))]));
    const over = (list) => means(list.map(({ id, ...rest }) => rest));
    const byGroup = [...new Set(queries.flatMap(groupsOf))].sort().map((group) => {
      const inside = (_, i) => groupsOf(queries[i]).includes(group);
      return { group, n: queries.filter(inside).length, legs: Object.fromEntries(legs.map((leg) => [leg, over(measured[leg].filter(inside))])) };
    });
    return {
      name: set.name,
      unit: set.unit,
      n: queries.length,
      chunks: (await bridge.getStats()).chunks,
      key,
      questions: sha256(...set.queries.map((q) => JSON.stringify([q.id, q.query, [...q.positives].sort()]))).slice(0, 16),
      evidence: set.evidence === true,
      legs: Object.fromEntries(legs.map((leg) => [leg, { means: over(measured[leg]), queries: measured[leg] }])),
      groups: byGroup,
    };
  } finally {
    await close();
  }
}

/** Hybrid beside the better single leg and beside the plain half-and-half fusion, per set and on average. */
export function summarize(results) {
  const rows = [];
  for (const { name, legs } of results) {
    if (!legs.hybrid) continue;
    const ndcg = (leg) => legs[leg]?.means.ndcg ?? null;
    const better = ['lexical', 'vector'].filter((leg) => legs[leg]).sort((a, b) => ndcg(b) - ndcg(a))[0];
    const against = (leg) => (legs[leg] ? pairedBootstrap(legs.hybrid.queries.map((q) => q.ndcg), legs[leg].queries.map((q) => q.ndcg)) : null);
    rows.push({ set: name, hybrid: ndcg('hybrid'), better_leg: better ?? '', leg: better ? ndcg(better) : null, against_leg: better ? against(better) : null, minmax: ndcg('minmax.5'), against_minmax: against('minmax.5') });
  }
  const average = (field) => (rows.some((r) => r[field] === null) ? null : mean(rows.map((r) => r[field])));
  return { rows, mean: { hybrid: average('hybrid'), leg: average('leg'), minmax: average('minmax') } };
}
