import { createHash } from 'node:crypto';

/** A daily run of the learning script. */
export interface Job {
  /** Tells the jobs of several stores apart: one store has one job. */
  key: string;
  hour: number;
  minute: number;
  /** Program and arguments, absolute. */
  command: readonly string[];
}
/** What installing or uninstalling did, or would do. */
export interface Change {
  /** Does anything differ from how it was? */
  changed: boolean;
  /** What stands there afterwards: the crontab, the plist. */
  text: string;
  /** Why `text` may not be all of it, or why there is nothing to change. */
  note?: string;
}
/** Where jobs are kept. */
export interface Scheduler {
  install(job: Job, dry: boolean): Promise<Change>;
  uninstall(key: string, dry: boolean): Promise<Change>;
}

/** The key of a store. */
export function keyOf(memory_path: string): string {
  return createHash('sha256').update(memory_path).digest('hex').slice(0, 12);
}

/** A command for the shell. */
export function line(command: readonly string[]): string {
  return command.map(quoted).join(' ');
}

/** A word of a command for the shell, and for a reader. */
export function quoted(word: string): string {
  return /^[\w@+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}
