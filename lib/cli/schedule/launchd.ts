import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { FluoriteError } from '../../facade/errors.js';
import { fileError } from '../errors.js';
import type { Job, Scheduler } from './job.js';
import { run } from './run.js';

/** A LaunchAgent of the user. */
export const launchd: Scheduler = {
  async install(job, dry) {
    const file = place(job.key);
    const text = plist(job);
    const changed = !existsSync(file) || readFileSync(file, 'utf8') !== text;
    if (changed && !dry) {
      try {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(`${file}.part`, text, { mode: 0o644 });
        renameSync(`${file}.part`, file);
      } catch (e) {
        throw fileError('write', file, e);
      }
      await run('launchctl', ['bootout', `${domain()}/${label(job.key)}`]); // fails when it is not loaded
      const { code, stderr } = await run('launchctl', ['bootstrap', domain(), file]);
      if (code !== 0) throw new FluoriteError('IO', `launchctl bootstrap failed: ${stderr.trim() || `exit code ${code}`}; ${file} stays and is loaded at the next login`);
    }
    return { changed, text };
  },
  async uninstall(key, dry) {
    const file = place(key);
    const changed = existsSync(file);
    if (changed && !dry) {
      await run('launchctl', ['bootout', `${domain()}/${label(key)}`]);
      rmSync(file, { force: true });
    }
    return { changed, text: '' };
  },
};

function label(key: string): string {
  return `fluorite.auto-learn.${key}`;
}

function domain(): string {
  return `gui/${process.getuid?.() ?? 0}`;
}

function place(key: string): string {
  return join(homedir(), 'Library', 'LaunchAgents', `${label(key)}.plist`);
}

function plist({ key, hour, minute, command }: Job): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${xml(label(key))}</string>
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    <string>${xml(word)}</string>`).join('\n')}
  </array>
  <key>StartCalendarInterval</key>
  <dict><key>Hour</key><integer>${hour}</integer><key>Minute</key><integer>${minute}</integer></dict>
  <key>ProcessType</key><string>Background</string>
</dict>
</plist>
`;
}

function xml(text: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text)) throw new FluoriteError('INVALID_ARGUMENT', 'a path with control characters cannot stand in a property list: rename the folder');
  return text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c);
}
