// The ranking model of crates/fluorite-memory/src/search, written down once more to be fitted: what a candidate is worth, and
// how that changes with each weight. `fit.mjs` holds it against the engine's own `rank_value` first.

/** Weights of the vector leg's share, by the names `explain` gives their features. */
export const BLEND = {
  lexical_gap: 'lexical_gap',
  lexical_coverage: 'lexical_coverage',
  vector_gap: 'vector_gap',
  vector_deviation: 'vector_deviation',
  query_terms: 'terms',
  query_translated: 'translated',
  code_share: 'code',
  query_names: 'names',
  query_symbol_like: 'symbol_like',
};
/** Signals that the development sets say something about; age, use and the like are set by hand. -1: may only lower. */
export const SIGNALS = { definition: 1, file_stem: 1, path: 1, same_file: 1, low_priority: -1, neighbours: 1, session: 1 };
const FEATURES = Object.keys(BLEND);
const NAMES = Object.keys(SIGNALS);
/** Rank values are in deviations; so much of one makes a hit e times likelier. */
const SHARPNESS = 1.5;

/** Weights as one vector: the base, the blend, the signals. */
export const flat = (w) => [w.blend.base, ...FEATURES.map((f) => w.blend[BLEND[f]]), ...NAMES.map((s) => w.signals[s])];

/** The reverse; what is not fitted is taken from `kept`. */
export function named(vector, kept) {
  const [base, ...rest] = vector;
  return {
    ...kept,
    blend: { ...kept.blend, base, ...Object.fromEntries(FEATURES.map((f, i) => [BLEND[f], rest[i]])) },
    signals: { ...kept.signals, ...Object.fromEntries(NAMES.map((s, i) => [s, rest[FEATURES.length + i]])) },
  };
}

/** A query's candidates as numbers, from hits with `explain`; `weights` are those the engine ranked with. */
export function example(query, hits, unitOf, weights) {
  const first = hits[0]?.explain ?? {};
  return {
    features: [1, ...FEATURES.map((f) => first[f] ?? 0)],
    // a leg that found nothing, or was not asked, has no weight whatever the model says
    fixed: hits.some(({ explain }) => explain.vector_weight > 0 && explain.vector_weight < 1) ? null : (first.vector_weight ?? 0),
    candidates: hits.map(({ id, explain }) => ({
      unit: unitOf?.(id) ?? id,
      near: explain.vector_deviations ?? null,
      words: explain.lexical_deviations ?? 0,
      signals: NAMES.map((s) => (weights.signals[s] === 0 ? 0 : (explain[s] ?? 0) / weights.signals[s])),
      // shares of signals that are not fitted
      rest: explain.rank_value - shown(explain) - NAMES.reduce((sum, s) => sum + (explain[s] ?? 0), 0),
      value: explain.rank_value,
    })),
    positives: query.positives,
  };
}

const shown = (e) => (e.vector_deviations === undefined ? e.lexical_deviations : e.vector_weight * e.vector_deviations + e.lexical_weight * e.lexical_deviations);

const share = (w, { features, fixed }) => fixed ?? 1 / (1 + Math.exp(-features.reduce((sum, f, i) => sum + f * w[i], 0)));

/** What each candidate is worth with these weights. */
export function values(w, query) {
  const s = share(w, query);
  const at = FEATURES.length + 1;
  return query.candidates.map(({ near, words, signals, rest }) =>
    (near === null ? words : s * near + (1 - s) * words) + rest + signals.reduce((sum, x, i) => sum + x * w[at + i], 0));
}

/** Units best first, each by its best candidate. */
export function ranking(w, query) {
  const v = values(w, query);
  const order = [...v.keys()].sort((a, b) => v[b] - v[a] || a - b);
  return [...new Set(order.map((i) => query.candidates[i].unit))];
}

/**
 * Adds the gradient of a query's loss to `gradient`: the mean over its positives of -ln of their share in the soft maximum over
 * all units (a unit is worth its best candidate). A query none of whose positives was found teaches nothing.
 */
export function descend(w, query, scale, gradient) {
  const v = values(w, query);
  const best = new Map(); // unit -> candidate
  v.forEach((x, i) => {
    const { unit } = query.candidates[i];
    if (!best.has(unit) || x > v[best.get(unit)]) best.set(unit, i);
  });
  const positives = [...best.keys()].filter((unit) => query.positives.has(unit));
  if (positives.length === 0) return;
  const top = Math.max(...v);
  const mass = [...best].map(([unit, i]) => [unit, i, Math.exp(SHARPNESS * (v[i] - top))]);
  const sum = mass.reduce((a, [, , m]) => a + m, 0);
  const s = share(w, query);
  const at = FEATURES.length + 1;
  for (const [unit, i, m] of mass) {
    const push = scale * SHARPNESS * (m / sum - (query.positives.has(unit) ? 1 / positives.length : 0));
    const { near, words, signals } = query.candidates[i];
    signals.forEach((x, k) => (gradient[at + k] += push * x));
    if (near === null || query.fixed !== null) continue;
    const slope = push * (near - words) * s * (1 - s);
    query.features.forEach((f, k) => (gradient[k] += slope * f));
  }
}

/** Weights that suit the examples (lists of queries, each list counting the same), held near `from` by `hold`. */
export function fit(lists, from, { steps = 100, rate = 0.1, hold = 0.002 } = {}) {
  const spread = spreads(lists);
  const w = [...from];
  const [first, second] = [w.map(() => 0), w.map(() => 0)];
  for (let step = 1; step <= steps; step++) {
    const g = w.map((x, k) => 2 * hold * (x - from[k]) * spread[k] ** 2);
    for (const list of lists) for (const query of list) descend(w, query, 1 / (list.length * lists.length), g);
    for (let k = 0; k < w.length; k++) {
      // Adam, in units in which every feature has the same spread
      const slope = g[k] / spread[k];
      first[k] = 0.9 * first[k] + 0.1 * slope;
      second[k] = 0.999 * second[k] + 0.001 * slope * slope;
      const move = first[k] / (1 - 0.9 ** step) / (Math.sqrt(second[k] / (1 - 0.999 ** step)) + 1e-8);
      w[k] -= (rate * move) / spread[k];
      const sign = SIGNALS[NAMES[k - FEATURES.length - 1]];
      if (sign && w[k] * sign < 0) w[k] = 0;
    }
  }
  return w;
}

/** Standard deviation of each feature over all examples, at least .01. */
function spreads(lists) {
  const rows = lists.flat();
  const of = (xs) => {
    const m = xs.reduce((a, b) => a + b, 0) / xs.length;
    return Math.max(0.01, Math.sqrt(xs.reduce((a, x) => a + (x - m) ** 2, 0) / xs.length));
  };
  const blend = FEATURES.map((_, i) => of(rows.map((q) => q.features[i + 1])));
  const signals = NAMES.map((_, i) => of(rows.flatMap((q) => q.candidates.map((c) => c.signals[i]))));
  return [1, ...blend, ...signals];
}
