import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { name } from './text.js';

/** Who has the store open for writing, as far as it can be told. */
export function holder(path: string): string {
  const pid = owner(path);
  return pid === undefined ? 'another process' : `process ${pid}${command(pid)}`;
}

/** Who holds the lock, as the file says. */
function owner(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(path, 'LOCK'), 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** What that process runs, where the system tells: the program, and the script that Node runs. Any other word may be a secret. */
function command(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
    const isScript = /(^|[\\/])node(\.exe)?$/.test(words[0] ?? '') && /[\\/.]/.test(words[1] ?? '') && !words[1]?.startsWith('-');
    const shown = words.slice(0, isScript ? 2 : 1);
    return shown.length > 0 ? ` (${name(shown.join(' ').slice(0, 120))})` : '';
  } catch {
    return '';
  }
}
