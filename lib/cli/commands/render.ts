import { existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { FluoriteError } from '../../facade/errors.js';
import { withBridge } from '../bridge.js';
import { fileError, UsageError } from '../errors.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { clean, count } from '../text.js';
import { several } from '../values.js';

interface Flags {
  param?: string[];
  out?: string;
  force?: boolean;
  namespace?: string;
}

/** `render <id>`. */
export const render: Register = (program, host) => {
  program
    .command('render')
    .description('the files of a learned template with its placeholders filled in: printed, or written below --out')
    .argument('<id>', 'the template')
    .option('-p, --param <name=value>', 'a value; the declared default otherwise (repeatable)', several)
    .option('-o, --out <folder>', 'write the files there')
    .option('--force', 'overwrite files that are there')
    .option('--namespace <name>', 'where the template lies')
    .addHelpText('after', examples('fluorite render spike:fastapi-minimal -p port=9000', 'fluorite render spike:fastapi-minimal --out ./new-app'))
    .action(host.action(work));
};

async function work(session: Session, id: string, flags: Flags): Promise<void> {
  const params = Object.fromEntries((flags.param ?? []).map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--param ${text}: give name=value`);
    return [text.slice(0, at), text.slice(at + 1)];
  }));
  const made = await withBridge(session, {}, (bridge) => bridge.renderSpike(id, params, flags.namespace === undefined ? {} : { namespace: flags.namespace }));
  const { out } = session;
  if (flags.out === undefined) {
    return out.result(made, () => made.files.map((f) => `${out.paint('bold', `--- ${clean(f.path)}`)}\n${out.terminal ? clean(f.content) : f.content}`).join('\n'));
  }
  const folder = resolve(flags.out);
  const there = flags.force ? [] : made.files.map((f) => join(folder, f.path)).filter((file) => existsSync(file));
  if (there.length > 0) {
    const others = there.length > 1 ? ` (and ${count(there.length - 1)} more)` : '';
    throw new FluoriteError('INVALID_ARGUMENT', `${JSON.stringify(there[0])} exists${others}: --force overwrites, or choose another --out; nothing was written`);
  }
  const written: string[] = [];
  for (const { path, content } of made.files) {
    const file = join(folder, path); // the engine gives no path that leads out
    refuseLinks(folder, path);
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { flag: flags.force ? 'w' : 'wx' });
    } catch (e) {
      throw fileError('write', file, e);
    }
    written.push(file);
  }
  await out.result({ id, written, params: made.params }, () => `${count(written.length)} files written:\n${written.map((f) => `  ${clean(f)}`).join('\n')}`);
}

/** A symbolic link below the folder could lead out of it. */
function refuseLinks(folder: string, path: string): void {
  let at = folder;
  for (const name of path.split('/')) {
    at = join(at, name);
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (found.isSymbolicLink()) throw new FluoriteError('INVALID_ARGUMENT', `${JSON.stringify(at)} is a symbolic link, which is not followed: remove it, or choose another --out`);
  }
}
