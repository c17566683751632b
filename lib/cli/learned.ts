import type { FilesReport, LearningReport } from '../facade/types/index.js';
import type { Output } from './output.js';
import { clean, count, duration } from './text.js';

/** A report of spikes for a reader. */
export function spikesText(out: Output, r: LearningReport, verbose: boolean): string {
  const lines = [
    `${out.paint('bold', `${count(r.found)} spikes`)} ${time(r)}`,
    `  ${count(r.stored)} new, ${count(r.updated)} changed, ${count(r.unchanged)} unchanged, ${count(r.removed)} removed`,
  ];
  if (r.skipped_generated > 0) lines.push(`  ${count(r.skipped_generated)} generated ones left out (--include-generated takes them)`);
  if (r.skipped_low_quality > 0) lines.push(`  ${count(r.skipped_low_quality)} of low quality left out`);
  if (r.duplicates > 0) lines.push(`  ${count(r.duplicates)} have the files of another one`);
  if (r.quality.scored > 0) {
    lines.push(`  quality, mean ${r.quality.mean.toFixed(2)}:`);
    lines.push(...bars(r.quality.histogram));
  }
  if (r.patterns.length + r.combinations.length > 0) lines.push(`  ${count(r.patterns.length)} patterns, ${count(r.combinations.length)} combinations of frameworks (--json has them)`);
  for (const { frameworks, support, lift } of r.combinations.slice(0, 3)) lines.push(`    ${clean(frameworks.join(' + '))}: ${count(support)}, ${lift.toFixed(1)} times more often than by chance`);
  part(lines, verbose, 'repaired while reading:', r.repaired.map((f) => `${f.file}: ${f.repair}`));
  part(lines, verbose, 'left out:', r.invalid.map(invalid));
  return lines.join('\n');
}

/** A line for each bin that is not empty. */
export function bars(histogram: readonly number[]): string[] {
  const most = Math.max(...histogram);
  return histogram.flatMap((n, i) => (n > 0 ? [`    .${i} ${'#'.repeat(Math.ceil((n / most) * 40))} ${count(n)}`] : []));
}

/** A report of files for a reader. */
export function filesText(out: Output, r: FilesReport, verbose: boolean): string {
  const lines = [
    `${out.paint('bold', `${count(r.found)} files`)} ${time(r)}`,
    `  ${count(r.stored)} new, ${count(r.updated)} changed, ${count(r.renamed)} renamed, ${count(r.unchanged)} unchanged, ${count(r.removed)} removed`,
    `  ${count(r.chunks_stored)} chunks stored, ${count(r.chunks_removed)} deleted; ${r.empty > 0 ? `${count(r.empty)} empty files, ` : ''}${count(r.other)} files of other kinds`,
  ];
  for (const s of r.sources ?? []) lines.push(`  ${s.state} ${clean(s.address)}${s.revision === null ? '' : ` at ${clean(s.revision.slice(0, 40))}`}${s.error === null ? '' : `: ${clean(s.error)}`}`);
  part(lines, verbose, 'do not parse and were learned by their lines:', r.unparsed.map(invalid));
  part(lines, verbose, 'left out:', r.invalid.map(invalid));
  return lines.join('\n');
}

function time({ found, duration_ms }: { found: number; duration_ms: number }): string {
  const seconds = duration_ms / 1000;
  return `in ${duration(seconds)}${seconds > 0 ? ` (${count(found / seconds)} files/s)` : ''}`;
}

function invalid(f: LearningReport['invalid'][number]): string {
  return `${f.file}${f.offset === undefined ? '' : ` at byte ${f.offset}`}: ${f.reason}`;
}

/** Three of a list, or all of it. */
function part(lines: string[], verbose: boolean, what: string, files: readonly string[]): void {
  if (files.length === 0) return;
  const shown = verbose ? files : files.slice(0, 3);
  lines.push(`  ${count(files.length)} ${what}`, ...shown.map((f) => `    ${clean(f)}`));
  if (shown.length < files.length) lines.push(`    and ${count(files.length - shown.length)} more (--verbose)`);
}
