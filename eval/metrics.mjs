// Figures of one ranking: `hits` are ids, best first, `positives` the ids that answer. All are shares in [0, 1].

const DEPTH = 10;

/** NDCG@10 with gain 1 for every positive: the ideal has as many of them at the top as there are, at most ten. */
export function ndcg(hits, positives) {
  let gain = 0;
  let ideal = 0;
  for (let i = 0; i < DEPTH; i++) {
    const discount = 1 / Math.log2(i + 2);
    if (positives.has(hits[i])) gain += discount;
    if (i < positives.size) ideal += discount;
  }
  return ideal === 0 ? 0 : gain / ideal;
}

/** 1 / rank of the first positive of the best ten, 0 when there is none. */
export function reciprocalRank(hits, positives) {
  const at = hits.slice(0, DEPTH).findIndex((id) => positives.has(id));
  return at < 0 ? 0 : 1 / (at + 1);
}

/** Share of the positives among the best `k`. */
export function recall(hits, positives, k) {
  const found = hits.slice(0, k).filter((id) => positives.has(id)).length;
  return positives.size === 0 ? 0 : found / positives.size;
}

/** Every figure of one query. `any` and `all` are 1 when at least one positive, and when each, is among the best ten. */
export function figures(hits, positives) {
  const r10 = recall(hits, positives, DEPTH);
  return {
    ndcg: ndcg(hits, positives),
    mrr: reciprocalRank(hits, positives),
    r5: recall(hits, positives, 5),
    r10,
    any: r10 > 0 ? 1 : 0,
    all: r10 === 1 ? 1 : 0,
  };
}

export const mean = (list) => (list.length === 0 ? null : list.reduce((a, b) => a + b, 0) / list.length);

/** Means of lists of `figures`, name by name. */
export function means(list) {
  if (list.length === 0) return null;
  return Object.fromEntries(Object.keys(list[0]).map((name) => [name, mean(list.map((f) => f[name]))]));
}
