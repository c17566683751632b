import type { LearningReport } from '../../facade/types.js';
import { withBridge } from '../bridge.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { clean, count, duration } from '../text.js';
import { whole } from '../values.js';

interface Flags {
  includeGenerated?: boolean;
  all?: boolean;
  batchSize?: number;
  background?: boolean;
  namespace?: string;
  verbose?: boolean;
}

/** `learn [folder]`: spike templates. */
export const learn: Register = (program, host) => {
  program
    .command('learn')
    .description('learn the spike templates of a folder; only what changed since the last time')
    .argument('[folder]', 'folder of spikes; spike_templates_path of the configuration when absent')
    .option('--include-generated', 'generated templates as well')
    .option('--all', 'also what is stored already')
    .option('--batch-size <n>', 'templates per step', whole)
    .option('--background', 'compute vectors later (`fluorite embed`): found by words meanwhile')
    .option('--namespace <name>', 'namespace of the chunks')
    .option('--verbose', 'name every file that was repaired or left out')
    .addHelpText('after', examples('fluorite learn ./src/spikes', 'fluorite learn --json > report.json', 'fluorite learn examples/spikes --memory-path /tmp/try --verbose'))
    .action(host.action(work));
};

async function work(session: Session, path: string | undefined, flags: Flags): Promise<void> {
  const report = await withBridge(session, { model: true, create: true }, async (bridge) => {
    const meter = session.meter();
    try {
      return await bridge.learnFromSpikes({
        ...(path !== undefined && { path }),
        ...(flags.includeGenerated && { include_generated: true }),
        ...(flags.all && { incremental: false }),
        ...(flags.batchSize !== undefined && { batch_size: flags.batchSize }),
        ...(flags.background && { embed: 'background' as const }),
        ...(flags.namespace !== undefined && { namespace: flags.namespace }),
        signal: session.signal,
        on_progress: meter.on_progress,
      });
    } finally {
      meter.stop();
    }
  });
  await session.out.result(report, () => text(session, report, flags.verbose === true));
}

function text({ out }: Session, r: LearningReport, verbose: boolean): string {
  const seconds = r.duration_ms / 1000;
  const rate = seconds > 0 ? ` (${count(r.found / seconds)} files/s)` : '';
  const lines = [
    `${out.paint('bold', `${count(r.found)} spikes`)} in ${duration(seconds)}${rate}`,
    `  ${count(r.stored)} new, ${count(r.updated)} changed, ${count(r.unchanged)} unchanged, ${count(r.removed)} removed`,
  ];
  if (r.skipped_generated > 0) lines.push(`  ${count(r.skipped_generated)} generated ones left out (--include-generated takes them)`);
  const part = (what: string, files: readonly string[]): void => {
    if (files.length === 0) return;
    lines.push(`  ${count(files.length)} ${what}`);
    const shown = verbose ? files : files.slice(0, 3);
    lines.push(...shown.map((f) => `    ${clean(f)}`));
    if (shown.length < files.length) lines.push(`    and ${count(files.length - shown.length)} more (--verbose)`);
  };
  part('repaired while reading:', r.repaired.map((f) => `${f.file}: ${f.repair}`));
  part('left out:', r.invalid.map((f) => `${f.file}${f.offset === undefined ? '' : ` at byte ${f.offset}`}: ${f.reason}`));
  return lines.join('\n');
}
