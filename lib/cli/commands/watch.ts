import { statSync } from 'node:fs';

import type { FilesReport, LearningReport, WatchProgress } from '../../facade/types/index.js';
import { withBridge } from '../bridge.js';
import { fileError } from '../errors.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { clean, count, duration } from '../text.js';
import { several, whole } from '../values.js';

interface Flags {
  files?: string[];
  includeGenerated?: boolean;
  skipLowQuality?: boolean;
  gitignore: boolean;
  background?: boolean;
  namespace?: string;
  debounce?: number;
  poll?: number;
}

/** `watch [spikes...]`: learns, then what changes, until it is interrupted. */
export const watch: Register = (program, host) => {
  program
    .command('watch')
    .description('learn, then learn what changes, until Ctrl-C')
    .argument('[spikes...]', 'folders of spikes (spike_templates_path of the configuration when nothing is named)')
    .option('--files <path>', 'a folder or file of code, Markdown or data; may be repeated', several)
    .option('--include-generated', 'generated templates as well')
    .option('--skip-low-quality', 'no templates of low quality')
    .option('--no-gitignore', 'also what .gitignore and .ignore name')
    .option('--background', 'compute vectors later (`fluorite embed`): found by words meanwhile')
    .option('--namespace <name>', 'namespace of the chunks')
    .option('--debounce <ms>', 'how long nothing must change before what has changed is learned (300)', whole)
    .option('--poll <ms>', 'look every so often instead of being told: network folders, exhausted inotify', whole)
    .addHelpText('after', examples('fluorite watch ./src/spikes', 'fluorite watch --files src --files docs', 'fluorite watch --files src --json | jq .report.updated'))
    .action(host.action(work));
};

async function work(session: Session, spikes: string[], flags: Flags): Promise<number> {
  for (const path of [...spikes, ...(flags.files ?? [])]) {
    try {
      statSync(path); // told before a store is made
    } catch (e) {
      throw fileError('read', path, e);
    }
  }
  const embed = flags.background ? { embed: 'background' as const } : {};
  return withBridge(session, { model: true, create: true }, async (bridge) => {
    const told = bridge.watch({
      spikes,
      paths: flags.files ?? [],
      spike_options: { ...embed, ...(flags.includeGenerated && { include_generated: true }), ...(flags.skipLowQuality && { skip_low_quality: true }) },
      file_options: { ...embed, ...(!flags.gitignore && { gitignore: false }) },
      ...(flags.namespace !== undefined && { namespace: flags.namespace }),
      ...(flags.debounce !== undefined && { debounce_ms: flags.debounce }),
      ...(flags.poll !== undefined && { poll_interval_ms: flags.poll }),
      signal: session.signal,
    });
    for await (const progress of told) await show(session, progress);
    return EXIT.ok;
  });
}

/** A line for each run; progress within a run is shown to nobody. */
async function show(session: Session, p: WatchProgress): Promise<void> {
  if (p.missed > 0 && !session.out.json) await session.out.line(`${count(p.missed)} not shown: the output is read too slowly`);
  const passing = p.phase !== 'watching' && p.report === null && p.error === null;
  if (passing) return;
  if (session.out.json) return session.out.record(p);
  const { paint } = session.out;
  const line = (text: string): Promise<void> => session.out.line(`${new Date().toISOString().slice(11, 19)} ${text}`);
  if (p.phase === 'watching') return line(paint.call(session.out, 'dim', 'watching; Ctrl-C ends it'));
  const where = clean(p.path ?? '');
  if (p.error) return line(`${where}: ${paint.call(session.out, 'red', p.error.code)} ${clean(p.error.message)}; it is tried again`);
  const report = p.report as LearningReport | FilesReport;
  const renamed = 'renamed' in report && report.renamed > 0 ? `${count(report.renamed)} renamed, ` : '';
  await line(`${where}: ${count(report.stored)} new, ${count(report.updated)} changed, ${renamed}${count(report.removed)} removed of ${count(report.found)} in ${duration(report.duration_ms / 1000)}`);
  for (const { file, reason } of report.invalid) await line(`${where}: left out ${clean(file)}: ${clean(reason)}`);
}
