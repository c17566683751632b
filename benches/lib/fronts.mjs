// What a sweep says: the latency at a recall, and how one engine stands to the best of the others.
import { round } from './stats.mjs';

export const RECALLS = [0.95, 0.98];
export const FILTER_RECALL = 0.99;

/** The points that no other beats in both recall and time, by rising recall. */
export function front(sweep, time) {
  const points = Object.entries(sweep).map(([knob, p]) => ({ knob, recall: p.recall, us: p[time] })).filter((p) => Number.isFinite(p.us) && p.us !== null);
  const best = [];
  for (const p of points.sort((a, b) => b.recall - a.recall || a.us - b.us)) if (best.length === 0 || p.us < best[0].us) best.unshift(p);
  return best;
}

/** Time at a recall: between two points of the front its logarithm is a straight line. Null when the recall is never reached. */
export function at(sweep, recall, time = 'p50_us') {
  const points = front(sweep, time);
  const above = points.findIndex((p) => p.recall >= recall);
  if (above < 0) return null;
  const hi = points[above], lo = points[above - 1];
  if (!lo) return round(hi.us);
  const share = (recall - lo.recall) / (hi.recall - lo.recall);
  return round(Math.exp(Math.log(lo.us) + share * (Math.log(hi.us) - Math.log(lo.us))));
}

/** One engine's medians, with the interpolated times; 'never' where a recall is not reached. */
export function figures(result) {
  const times = (sweep, time) => Object.fromEntries(RECALLS.map((r) => [r, at(sweep, r, time) ?? 'never']));
  const { sweep, full, filtered, ...rest } = result;
  const many = Object.values(sweep).some((p) => p.many_us !== null);
  const good = Object.values(filtered ?? {}).filter((p) => p.recall >= FILTER_RECALL);
  return {
    ...rest,
    p50_us_at: times(sweep, 'p50_us'),
    p99_us_at: times(sweep, 'p99_us'),
    ...(many && { many_us_at: times(sweep, 'many_us') }),
    ...(full && { full_p50_us_at: times(full, 'p50_us') }),
    ...(filtered && { filter_1_percent: { p50_us: good.length > 0 ? round(Math.min(...good.map((p) => p.p50_us))) : 'never' } }),
    ...(sweep.default && { default: sweep.default }),
    sweep,
    ...(full && { full }),
    ...(filtered && { filtered }),
  };
}

/** Aims: 1.2 times as fast singly at .95, 1.5 times at .98, 2.5 times by searchMany; no slower elsewhere. */
const MOST = { 'single_0.95': 0.833, 'single_0.98': 0.667, 'many_0.98_to_single': 0.4 };

/** Us against the best peer: ratios of time, below 1 is faster. 'never' when we never reach it. */
export function verdict(engines) {
  const peers = Object.entries(engines).filter(([name]) => name !== 'fluorite' && name !== 'in the engine');
  const us = engines.fluorite;
  const against = (ours, get) => {
    const [peer, best] = peers.map(([name, e]) => [name, get(e)]).filter(([, v]) => typeof v === 'number').sort((a, b) => a[1] - b[1])[0] ?? [];
    if (peer === undefined) return null;
    return { best_peer: peer, peer_us: best, ours_us: ours ?? null, ratio: typeof ours === 'number' ? round(ours / best) : 'never' };
  };
  const ratios = { filter_1_percent: against(us.filter_1_percent?.p50_us, (e) => e.filter_1_percent?.p50_us) };
  for (const r of RECALLS) {
    ratios[`single_${r}`] = against(us.p50_us_at[r], (e) => e.p50_us_at[r]);
    ratios[`many_${r}`] = against(us.many_us_at?.[r], (e) => e.many_us_at?.[r]);
    ratios[`many_${r}_to_single`] = against(us.many_us_at?.[r], (e) => e.p50_us_at[r]);
    ratios[`full_${r}`] = against(us.full_p50_us_at?.[r], (e) => e.full_p50_us_at?.[r]);
  }
  const targets = [];
  const target = (what, value, most) => targets.push({ what, value, most, met: typeof value === 'number' && value <= most });
  for (const [what, r] of Object.entries(ratios)) if (r) target(`time, ${what} / best peer`, r.ratio, MOST[what] ?? 1);
  const inner = engines['in the engine']?.p50_us_at?.[0.98], zvec = engines['zvec-int8']?.p50_us_at?.[0.98];
  if (typeof inner === 'number' && typeof zvec === 'number') target('time in the engine / zvec int8, .98', round(inner / zvec), 0.45);
  if (us.default) target('.98 / recall by default', round(0.98 / us.default.recall), 1);
  return { ratios, targets };
}
