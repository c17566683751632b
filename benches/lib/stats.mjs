// Small statistics, and where they come from.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

export const round = (x, digits = 3) => (x === null || !Number.isFinite(x) ? null : Number(x.toPrecision(digits + 1)));
export const sorted = (list) => Float64Array.from(list).sort();
export const quantile = (ordered, q) => ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * q))];
export const median = (list) => {
  const s = sorted(list);
  return s.length % 2 ? s[(s.length - 1) / 2] : (s[s.length / 2 - 1] + s[s.length / 2]) / 2;
};

/** Results of several rounds, alike in shape, as one: numbers by their median, anything else as the first has it. */
export function medians(rounds) {
  const [first] = rounds;
  if (typeof first === 'number') return round(median(rounds));
  if (first === null || typeof first !== 'object') return first;
  return Object.fromEntries(Object.keys(first).map((key) => [key, medians(rounds.map((r) => r[key]))]));
}

/** Bytes a folder takes: blocks really allocated, so that sparse and preallocated files count as they are. */
export function diskBytes(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .reduce((sum, e) => sum + statSync(join(e.parentPath ?? e.path, e.name)).blocks * 512, 0);
}

/** Reads every file of a folder, so that the page cache has it. */
export function warm(folder) {
  for (const e of readdirSync(folder, { recursive: true, withFileTypes: true })) if (e.isFile()) readFileSync(join(e.parentPath ?? e.path, e.name));
}

export const machine = () => ({
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
  memory_gb: round(totalmem() / 2 ** 30, 2),
  os: `${process.platform} ${release()}`,
  node: process.version,
});
