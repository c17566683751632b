import { FluoriteError } from '../../facade/errors.js';
import { failureOf } from '../errors.js';
import { line, type Change, type Job, type Scheduler } from './job.js';
import { run } from './run.js';

const MARK = '# fluorite auto-learn';

/** The user's crontab. Lines of others are kept to the byte; ours is known by its mark. */
export const cron: Scheduler = {
  install: (job, dry) => change((lines) => [...lines.filter((l) => !isOurs(l, job.key)), entry(job)], dry, (e) => {
    if (dry) return `the crontab cannot be read, so this is our line alone: ${failureOf(e).message}`;
    throw e;
  }),
  uninstall: (key, dry) => change((lines) => lines.filter((l) => !isOurs(l, key)), dry, (e) => {
    if (failureOf(e).code === 'NOT_FOUND') return 'no program crontab is on the PATH, so there is no crontab that a job could stand in';
    throw e; // one that cannot be read may hold the job
  }),
};

function isOurs(text: string, key: string): boolean {
  return text.endsWith(`${MARK} ${key}`);
}

/** `%` ends a command in a crontab, unless escaped; a line cannot be continued. */
export function entry({ key, hour, minute, command }: Job): string {
  if (command.some((word) => /[\r\n\0]/.test(word))) throw new FluoriteError('INVALID_ARGUMENT', 'a path with a line break cannot stand in a crontab: rename the folder');
  return `${minute} ${hour} * * * ${line(command).replace(/%/g, '\\%')} ${MARK} ${key}`;
}

/** Edits the crontab; `unread` says what is to be told when it cannot be read, or throws. */
async function change(edit: (lines: string[]) => string[], dry: boolean, unread: (e: unknown) => string): Promise<Change> {
  let before = '';
  let note: string | undefined;
  try {
    before = await read();
  } catch (e) {
    note = unread(e);
  }
  const ended = before === '' || before.endsWith('\n');
  const lines = (ended ? before.slice(0, -1) : before).split('\n');
  const kept = edit(before === '' ? [] : lines);
  const text = kept.length === 0 ? '' : `${kept.join('\n')}\n`;
  const changed = text !== (ended ? before : `${before}\n`);
  if (changed && !dry) {
    const { code, stderr } = await run('crontab', ['-'], text);
    if (code !== 0) throw new FluoriteError('IO', `crontab refused the change: ${stderr.trim() || `exit code ${code}`}`);
  }
  return { changed, text, ...(note !== undefined && { note }) };
}

/** Having none is no failure; anything else is, because writing would then lose what could not be read. */
async function read(): Promise<string> {
  const { code, stdout, stderr } = await run('crontab', ['-l']);
  if (code === 0) return stdout;
  if (/no crontab/i.test(stderr)) return '';
  throw new FluoriteError('IO', `crontab -l failed: ${stderr.trim() || `exit code ${code}`}; nothing was changed (--kind manual prints the line)`);
}
