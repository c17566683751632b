// Rankings of every query of a set: the engine's modes, and two plain fusions of its legs to compare with.

export const LEGS = ['lexical', 'vector', 'hybrid', 'words', 'minmax.5', 'rrf'];

/** Hits of each leg that the plain fusions see. */
const DEPTH = 100;
const RRF_K = 60;
/** Queries on their way at once. */
const AT_ONCE = 64;

/**
 * Ids of units, best first, by leg and query: `{ [leg]: Map(query id -> ids) }`. `lexical` and `vector` are the plain legs, `words`
 * is the engine without vectors (ranking signals on), `hybrid` is the engine as it comes, at the
 * limit a caller would give (`set.limit`, 10 when absent). `options` go with every search that asks vectors.
 */
export async function rankings(bridge, set, queries, legs, options = {}) {
  const fused = legs.some((leg) => leg === 'minmax.5' || leg === 'rrf');
  const lists = {};
  for (const mode of ['lexical', 'vector']) {
    if (fused || legs.includes(mode)) lists[mode] = await search(bridge, queries, { ...(mode === 'vector' ? options : {}), mode, rerank: false, limit: DEPTH, fields: [] });
  }
  if (legs.includes('hybrid')) lists.hybrid = await search(bridge, queries, { ...options, limit: set.limit ?? 10, fields: [] });
  if (legs.includes('words')) lists.words = await search(bridge, queries, { mode: 'lexical', limit: set.limit ?? 10, fields: [] });
  const pairs = (fuse) => new Map(queries.map(({ id }) => [id, fuse(lists.lexical.get(id), lists.vector.get(id))]));
  if (legs.includes('minmax.5')) lists['minmax.5'] = pairs(minMax);
  if (legs.includes('rrf')) lists.rrf = pairs(reciprocalRanks);
  const units = (hits) => [...new Set(hits.map((h) => set.unitOf?.(h.id) ?? h.id))];
  return Object.fromEntries(legs.map((leg) => [leg, new Map([...lists[leg]].map(([id, hits]) => [id, units(hits)]))]));
}

/** Hits by query id. Queries of one namespace are sent together. */
export async function search(bridge, queries, options) {
  const found = new Map();
  for (const [namespace, group] of groups(queries)) {
    const filter = namespace === undefined ? {} : { filter: { namespace } };
    for (let at = 0; at < group.length; at += AT_ONCE) {
      const slice = group.slice(at, at + AT_ONCE);
      const lists = await bridge.searchMany(slice.map((q) => q.query), { ...options, ...filter });
      slice.forEach((q, i) => found.set(q.id, lists[i]));
    }
  }
  return found;
}

function groups(queries) {
  const byNamespace = new Map();
  for (const q of queries) byNamespace.set(q.namespace, [...(byNamespace.get(q.namespace) ?? []), q]);
  return byNamespace;
}

/** Each list scaled to [0, 1] by its own best and worst, half and half; absent from a list counts 0 there. */
function minMax(lexical, vector) {
  // A lexical score is s / (s + c): its odds are BM25 itself but for a factor, which the scaling takes out.
  const odds = lexical.map(({ id, score }) => ({ id, score: score / Math.max(1 - score, 1e-9) }));
  return sum([odds, vector], (list) => {
    const scores = list.map((h) => h.score);
    const [least, most] = [Math.min(...scores), Math.max(...scores)];
    return (score) => (most > least ? (score - least) / (most - least) : 1) / 2;
  });
}

function reciprocalRanks(lexical, vector) {
  return sum([lexical, vector], () => (_, rank) => 1 / (RRF_K + rank + 1));
}

function sum(lists, weigher) {
  const scores = new Map();
  for (const list of lists) {
    const weight = weigher(list);
    list.forEach(({ id, score }, rank) => scores.set(id, (scores.get(id) ?? 0) + weight(score, rank)));
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}
