import type { LearningRun, LearningStats } from '../facade/types/index.js';
import { bars } from './learned.js';
import type { Output } from './output.js';
import { clean, count, duration, table } from './text.js';

/** Runs that are shown. */
const SHOWN = 5;

/** What has been learned, for a reader. */
export function learningText(out: Output, l: LearningStats): string {
  const { chunks: c, feedback: f } = l;
  const lines = [
    table([
      ['chunks', `${count(c.total)}: ${count(c.spikes)} of spikes, ${count(c.files)} of files, ${count(c.patterns)} patterns, ${count(c.other)} others`],
      ['patterns', `${count(l.patterns.stored)} stored, of families with ${count(l.patterns.members)} members`],
      ['frameworks', count(l.frameworks)],
      ['feedback', `${count(f.events)} events${Object.keys(f.kinds).length > 0 ? ` (${Object.entries(f.kinds).map(([kind, n]) => `${kind} ${count(n)}`).join(', ')})` : ''}${f.damaged > 0 ? `, ${count(f.damaged)} damaged places` : ''}`],
    ]),
  ];
  if (l.quality.scored > 0) lines.push(`quality of spikes, mean ${l.quality.mean.toFixed(2)}:`, ...bars(l.quality.histogram));
  section(lines, 'folders:', l.sources.map((s) => `${s.kind} ${clean(s.folder)}${inside(s.namespace)}: ${count(s.files)} files, ${count(s.chunks)} chunks, changed ${s.changed_at.slice(0, 19)}`));
  section(lines, 'trained domains:', f.domains.map((d) => `${clean(d.domain)}: ${percent(d.accuracy_before)} -> ${percent(d.accuracy_after)} of held-out pairs in the right order, from ${count(d.events)} events, ${d.trained_at.slice(0, 19)}`));
  section(lines, 'last runs:', l.runs.slice(0, SHOWN).map((r) => run(out, r)));
  return lines.join('\n');
}

function section(lines: string[], title: string, of: readonly string[]): void {
  if (of.length > 0) lines.push(title, ...of.map((text) => `  ${text}`));
}

function run(out: Output, r: LearningRun): string {
  const did = ['stored', 'updated', 'renamed', 'unchanged', 'removed', 'invalid'].flatMap((name) => (r.counts[name] ? [`${count(r.counts[name])} ${name}`] : []));
  const result = r.outcome === 'done' ? (did.join(', ') || 'nothing found') : out.paint('red', r.outcome);
  return `${r.started_at.slice(0, 19)} ${r.kind} ${clean(r.paths.join(' '))}${inside(r.namespace)}: ${result}, ${duration(r.duration_ms / 1000)}`;
}

function inside(namespace: string): string {
  return namespace === 'default' ? '' : ` in ${clean(namespace)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
