import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';

import { FluoriteError } from '../../facade/errors.js';
import { locate, reading, setting } from '../config.js';
import { fileError, UsageError } from '../errors.js';
import { examples } from '../help.js';
import { cron, entry } from '../schedule/cron.js';
import { carried } from '../schedule/environment.js';
import { keyOf, line, type Job, type Scheduler } from '../schedule/job.js';
import { launchd } from '../schedule/launchd.js';
import type { Register, Session } from '../session.js';
import { several } from '../values.js';

type Kind = 'cron' | 'launchd' | 'manual';
interface Flags {
  at: [number, number];
  kind: 'auto' | Kind;
  files?: string[];
  git?: string[];
  url?: string[];
  logDir?: string;
  outputDir?: string;
  commit?: boolean;
  dryRun?: boolean;
  uninstall?: boolean;
}

/** `schedule [folder...]`: learn daily. */
export const schedule: Register = (program, host) => {
  program
    .command('schedule')
    .description('learn every day: adds one job for this store to the crontab (macOS: a LaunchAgent), or replaces it')
    .argument('[folder...]', 'folders of spike templates; the configured one when nothing is named')
    .option('--files <path>', 'code, Markdown and data to learn as well (repeatable)', several)
    .option('--git <address>', 'a git repository to fetch and learn as well (repeatable; `address#branch`)', several)
    .option('--url <address>', 'a document to fetch and learn as well (repeatable)', several)
    .option('--at <hh:mm>', 'time of day', time, [2, 0] as [number, number])
    .addOption(new Option('--kind <kind>', 'manual prints the command, for a shell, and changes nothing').choices(['auto', 'cron', 'launchd', 'manual']).default('auto'))
    .option('--log-dir <folder>', 'where learning-*.log go (~/tmp/fluorite-learning)')
    .option('--output-dir <folder>', 'export the chunks there after each run')
    .option('--commit', 'commit that export to the git repository it lies in')
    .option('--dry-run', 'print what would stand there, change nothing')
    .option('--uninstall', 'take the job away')
    .addHelpText('after', examples('fluorite schedule ./src/spikes', 'fluorite schedule --files ./src --files ./docs', 'fluorite schedule --at 03:30 --dry-run', 'fluorite schedule --uninstall'))
    .action(host.action(work));
};

async function work(session: Session, folders: string[], flags: Flags): Promise<void> {
  const { config_path, memory_path } = await locate(session.options);
  const key = keyOf(memory_path);
  const kind = flags.kind !== 'auto' ? flags.kind : ({ darwin: 'launchd', win32: 'manual' } as Partial<Record<string, Kind>>)[process.platform] ?? 'cron';
  if (flags.commit && flags.outputDir === undefined) throw new UsageError('--commit commits an export: give --output-dir');
  const dry = flags.dryRun === true;
  if (flags.uninstall) {
    if (kind === 'manual') throw new UsageError('--kind manual installed nothing; remove what you made by hand');
    const change = await scheduler(kind).uninstall(key, dry);
    const text = change.changed ? (dry ? 'the job would be taken away' : 'the job was taken away') : 'there is no job for this store';
    if (change.note !== undefined) session.note(change.note);
    return session.out.result({ kind, key, installed: false, dry_run: dry, ...change }, () => (dry && change.changed ? `${text}; afterwards:\n${change.text}` : text));
  }
  if (await reading(session.options, config_path)) throw new FluoriteError('READ_ONLY', 'the job would learn, which writes the store: leave out --read-only (read_only of the configuration), or schedule it where the store is written');
  await refuseNothing(config_path, folders, flags);
  const job: Job = { key, hour: flags.at[0], minute: flags.at[1], command: command(session, memory_path, config_path, folders, flags) };
  const clock = flags.at.map((n) => String(n).padStart(2, '0')).join(':');
  const shown = { kind, key, at: clock, command: job.command };
  if (kind === 'manual') {
    const text = line(job.command);
    if (!session.out.json) session.note('run this every day; as a line of a crontab it is:\n' + `${entry(job)}\n`);
    return session.out.result({ ...shown, installed: false, changed: false, text, crontab: entry(job) }, () => text);
  }
  const change = await scheduler(kind).install(job, dry);
  if (change.note !== undefined) session.note(change.note);
  await session.out.result({ ...shown, installed: !dry, dry_run: dry, ...change }, () =>
    dry ? `would stand there (${kind}):\n${change.text}` : `${change.changed ? 'learns' : 'already learns'} daily at ${clock} (${kind}); undo with: fluorite schedule --uninstall`);
}

/** A job without anything to learn, or with a folder that is not there, would fail every night where nobody looks. */
async function refuseNothing(config_path: string | undefined, folders: string[], flags: Flags): Promise<void> {
  const named = [...folders, ...(flags.files ?? [])];
  for (const path of named) {
    try {
      statSync(path);
    } catch (e) {
      throw fileError('read', path, e);
    }
  }
  if (named.length > 0 || (flags.git ?? flags.url) !== undefined) return;
  const written = config_path === undefined ? undefined : await setting(config_path, 'spike_templates_path', 'spikeTemplatesPath');
  if (config_path === undefined || written === undefined) {
    throw new UsageError(`there is nothing to learn: name folders of templates (fluorite schedule ./spikes), --files, --git or --url, or set spike_templates_path in ${config_path ?? 'a fluorite.toml (fluorite init --spikes ./spikes)'}`);
  }
  const folder = resolve(dirname(config_path), written);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new FluoriteError('NOT_FOUND', `${JSON.stringify(folder)}, spike_templates_path of ${config_path}, is no folder: make it, correct the setting, or name folders`);
  }
}

function scheduler(kind: 'cron' | 'launchd'): Scheduler {
  return kind === 'cron' ? cron : launchd;
}

/** The learning script with everything it needs: cron starts it elsewhere, with another PATH and no environment of ours. */
function command(session: Session, memory_path: string, config_path: string | undefined, folders: string[], flags: Flags): string[] {
  const script = join(__dirname, '..', '..', 'scripts', 'fluorite-auto-learn.sh');
  if (!existsSync(script)) throw new FluoriteError('NOT_FOUND', `${script} is missing: reinstall the package`);
  const { modelsPath, ml, wait } = session.options;
  const settings = carried();
  return [
    ...(settings.length > 0 ? ['/usr/bin/env', ...settings] : []),
    '/bin/bash', script, '--node', process.execPath, '--memory-path', memory_path,
    ...(config_path === undefined ? [] : ['--config', config_path]),
    ...(modelsPath === undefined ? [] : ['--models-path', resolve(modelsPath)]),
    ...(ml ? [] : ['--no-ml']),
    ...(wait > 0 ? ['--wait', String(wait)] : []),
    ...(flags.logDir === undefined ? [] : ['--log-dir', resolve(flags.logDir)]),
    ...(flags.outputDir === undefined ? [] : ['--output-dir', resolve(flags.outputDir)]),
    ...(flags.commit ? ['--commit'] : []),
    ...(flags.files ?? []).flatMap((path) => ['--files', resolve(path)]),
    ...(flags.git ?? []).flatMap((address) => ['--git', existsSync(address) ? resolve(address) : address]),
    ...(flags.url ?? []).flatMap((address) => ['--url', address]),
    ...(folders.length === 0 ? [] : ['--', ...folders.map((f) => resolve(f))]),
  ];
}

function time(text: string): [number, number] {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (!found) throw new InvalidArgumentError('It must be a time of day such as 02:00.');
  return [Number(found[1]), Number(found[2])];
}
