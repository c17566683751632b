import type { MapPoint } from '../../facade/types/index.js';
import { count } from '../text.js';

/** Clusters that a legend names. */
const NAMED = 24;
/** Letters of a label. */
const LETTERS = 34;

/** A line of the legend; without a cluster it is a remark. */
export interface LegendLine {
  cluster?: number | null;
  text: string;
}

/** The clusters of a map, the largest first, then what is in none. */
export function legendOf(points: readonly MapPoint[]): LegendLine[] {
  const found = new Map<number | null, { label: string; size: number }>();
  for (const p of points) {
    const one = found.get(p.cluster) ?? { label: p.label || (p.cluster === null ? 'in no cluster' : `cluster ${p.cluster}`), size: 0 };
    one.size++;
    found.set(p.cluster, one);
  }
  const order = [...found].sort(([a, x], [b, y]) => Number(a === null) - Number(b === null) || y.size - x.size || (a ?? 0) - (b ?? 0));
  const cut = (text: string): string => ([...text].length > LETTERS ? `${[...text].slice(0, LETTERS - 1).join('')}…` : text);
  const lines: LegendLine[] = order.slice(0, NAMED).map(([cluster, { label, size }]) => ({ cluster, text: `${cut(label)}  ${count(size)}` }));
  return order.length > NAMED ? [...lines, { text: `and ${count(order.length - NAMED)} more` }] : lines;
}
