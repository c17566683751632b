// Paired bootstrap: is one ranking better than another on the same queries, or is it luck?
import { mean } from './metrics.mjs';

const RESAMPLES = 2_000;
const SEED = 0x5eed;

/** mulberry32: the same numbers on every machine. */
export function random(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * `now` and `before` are values of the same queries in the same order. Gives the difference of their means, its 95 %
 * interval, and the share of resamples in which `now` is not better (`not_better`: small means better beyond luck).
 */
export function pairedBootstrap(now, before, { resamples = RESAMPLES, seed = SEED } = {}) {
  const differences = now.map((v, i) => v - before[i]);
  const n = differences.length;
  if (n === 0) return null;
  const next = random(seed);
  const sums = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[Math.floor(next() * n)];
    sums[r] = sum / n;
  }
  const notBetter = sums.filter((d) => d <= 0).length / resamples;
  sums.sort();
  const at = (q) => sums[Math.min(resamples - 1, Math.floor(q * resamples))];
  return { n, difference: mean(differences), low: at(0.025), high: at(0.975), not_better: notBetter, resamples };
}
