import { statSync } from 'node:fs';

import type { CallOptions } from '../../facade/types/index.js';
import type { FluoriteBridge } from '../../index.js';
import { withBridge } from '../bridge.js';
import { configPath, setting } from '../config.js';
import { fileError, UsageError } from '../errors.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import { filesText, spikesText } from '../learned.js';
import type { Register, Session } from '../session.js';
import { number, several, whole } from '../values.js';

interface Flags {
  files?: boolean;
  git?: string[];
  url?: string[];
  cacheDir?: string;
  includeGenerated?: boolean;
  qualityThreshold?: number;
  skipLowQuality?: boolean;
  patterns: boolean;
  gitignore: boolean;
  maxTokens?: number;
  maxFileBytes?: number;
  all?: boolean;
  batchSize?: number;
  background?: boolean;
  namespace?: string;
  verbose?: boolean;
}

/** `learn [path...]`: spike templates, or files of any kind. */
export const learn: Register = (program, host) => {
  program
    .command('learn')
    .description('learn the spike templates of folders, or with --files code, Markdown and data; only what changed since the last time')
    .argument('[path...]', 'folders of spikes (spike_templates_path of the configuration when absent); with --files any folders and files')
    .option('--files', 'files of all kinds: code by function, Markdown by section, YAML, JSON and TOML by key')
    .option('--git <address>', 'a git repository as well (https, ssh, file or a folder; `address#branch`), fetched by your git; may be repeated', several)
    .option('--url <address>', 'a document as well (http or https); may be repeated', several)
    .option('--cache-dir <folder>', 'where fetched copies are kept (`.sources` in the store)')
    .option('--include-generated', 'generated templates as well')
    .option('--quality-threshold <0..1>', 'templates of a lower quality give no patterns (0.7)', number)
    .option('--skip-low-quality', 'do not store them either')
    .option('--no-patterns', 'draw no patterns and combinations of frameworks')
    .option('--batch-size <n>', 'templates per step', whole)
    .option('--no-gitignore', 'also what .gitignore and .ignore name (with --files)')
    .option('--max-tokens <n>', 'most tokens of a chunk (with --files)', whole)
    .option('--max-file-bytes <n>', 'largest file (with --files)', whole)
    .option('--all', 'also what is stored already')
    .option('--background', 'compute vectors later (`fluorite embed`): found by words meanwhile')
    .option('--namespace <name>', 'namespace of the chunks')
    .option('--verbose', 'name every file that was repaired or left out')
    .addHelpText('after', examples('fluorite learn ./src/spikes', 'fluorite learn --files src docs README.md', 'fluorite learn --git https://github.com/you/project#main --url https://example.org/guide.md', 'fluorite learn --json > report.json', 'fluorite learn examples/spikes --memory-path /tmp/try --verbose'))
    .action(host.action(work));
};

async function work(session: Session, paths: string[], flags: Flags): Promise<number> {
  const fetched = (flags.git ?? flags.url) !== undefined;
  if (fetched) flags.files = true;
  if (flags.cacheDir !== undefined && !fetched) throw new UsageError('--cache-dir belongs to --git and --url');
  if (flags.files && !fetched && paths.length === 0) throw new UsageError('--files needs paths: fluorite learn --files src docs');
  const ofSpikes = flags.includeGenerated ?? flags.qualityThreshold ?? flags.skipLowQuality ?? flags.batchSize ?? (flags.patterns ? undefined : true);
  const ofFiles = flags.maxTokens ?? flags.maxFileBytes ?? (flags.gitignore ? undefined : true);
  if (flags.files && ofSpikes !== undefined) throw new UsageError('--include-generated, --quality-threshold, --skip-low-quality, --no-patterns and --batch-size are for spikes: leave out --files');
  if (!flags.files && ofFiles !== undefined) throw new UsageError('--no-gitignore, --max-tokens and --max-file-bytes belong to --files');
  if (!flags.files && paths.length === 0) await refuseNone(session);
  for (const path of paths) {
    try {
      statSync(path); // told before a store is made
    } catch (e) {
      throw fileError('read', path, e);
    }
  }
  return withBridge(session, { model: true, create: true }, async (bridge) => {
    if (flags.files) return files(session, bridge, paths, flags);
    for (const path of paths.length === 0 ? [undefined] : paths) await spikes(session, bridge, path, flags, paths.length > 1);
    return EXIT.ok;
  });
}

/** Told before a store is made. */
async function refuseNone({ options }: Session): Promise<void> {
  const file = configPath(options);
  if (file !== undefined && (await setting(file, 'spike_templates_path', 'spikeTemplatesPath')) !== undefined) return;
  throw new UsageError(`there is nothing to learn: name folders of templates (fluorite learn ./spikes), give --files, or set spike_templates_path in ${file ?? 'a fluorite.toml (fluorite init --spikes ./spikes)'}`);
}

/** What both ways of learning take. */
function common(flags: Flags): { incremental?: boolean; embed?: 'background'; namespace?: string } {
  return {
    ...(flags.all && { incremental: false }),
    ...(flags.background && { embed: 'background' as const }),
    ...(flags.namespace !== undefined && { namespace: flags.namespace }),
  };
}

async function spikes(session: Session, bridge: FluoriteBridge, path: string | undefined, flags: Flags, several: boolean): Promise<void> {
  const report = await watched(session, (hooks) =>
    bridge.learnFromSpikes({
      ...common(flags),
      ...(path !== undefined && { path }),
      ...(flags.includeGenerated && { include_generated: true }),
      ...(flags.qualityThreshold !== undefined && { quality_threshold: flags.qualityThreshold }),
      ...(flags.skipLowQuality && { skip_low_quality: true }),
      ...(!flags.patterns && { patterns: false }),
      ...(flags.batchSize !== undefined && { batch_size: flags.batchSize }),
      ...hooks,
    }),
  );
  if (report.found === 0) {
    const where = path === undefined ? 'the configured folder' : JSON.stringify(path);
    session.note(`there is no spike template (*.json) in ${where}: code, Markdown and data are learned with --files`);
  }
  if (several && session.out.json) return session.out.record({ path, ...report }); // a line a folder
  await session.out.result(report, () => spikesText(session.out, report, flags.verbose === true));
}

async function files(session: Session, bridge: FluoriteBridge, paths: string[], flags: Flags): Promise<number> {
  const sources = [...(flags.git ?? []).map(repository), ...(flags.url ?? []).map((url) => ({ url }))];
  const report = await watched(session, (hooks) =>
    bridge.learnFromFiles(paths, {
      ...common(flags),
      ...(!flags.gitignore && { gitignore: false }),
      ...(flags.maxTokens !== undefined && { max_tokens: flags.maxTokens }),
      ...(flags.maxFileBytes !== undefined && { max_file_bytes: flags.maxFileBytes }),
      ...(sources.length > 0 && { sources }),
      ...(flags.cacheDir !== undefined && { cache_dir: flags.cacheDir }),
      ...hooks,
    }),
  );
  await session.out.result(report, () => filesText(session.out, report, flags.verbose === true));
  return report.sources?.some((source) => source.state === 'failed') ? EXIT.failed : EXIT.ok;
}

/** `address#ref` */
function repository(text: string): { git: string; ref?: string } {
  const at = text.indexOf('#');
  return at < 0 ? { git: text } : { git: text.slice(0, at), ref: text.slice(at + 1) };
}

async function watched<T>(session: Session, call: (hooks: CallOptions) => Promise<T>): Promise<T> {
  const meter = session.meter();
  try {
    return await call({ signal: session.signal, on_progress: meter.on_progress });
  } finally {
    meter.stop();
  }
}
