import { resolve } from 'node:path';

import { FluoriteError, isFluoriteError } from '../../facade/errors.js';
import { withBridge } from '../bridge.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { bytes, count, name, table } from '../text.js';
import { damage } from './operate.js';

/** `snapshot`. */
export const snapshot: Register = (program, host) => {
  program
    .command('snapshot')
    .description('copy the store into a new folder, complete or not at all')
    .argument('<folder>', 'where; it must not exist, or be empty')
    .option('--link', 'hard links where the disk has them: no room, no time, but damage to the disk hits both')
    .addHelpText('after', examples('fluorite snapshot backups/monday', 'fluorite snapshot /mnt/other/memory --json'))
    .action(host.action(async (session: Session, folder: string, flags: { link?: boolean }) => {
      const meter = session.meter();
      const to = resolve(folder);
      const s = await withBridge(session, {}, (bridge) =>
        bridge.snapshot(to, { ...(flags.link && { link: true }), signal: session.signal, on_progress: meter.on_progress }).finally(meter.stop));
      await session.out.result({ folder: to, ...s }, () => `${count(s.chunks)} chunks copied to ${to} (${count(s.files)} files, ${bytes(s.bytes)}${s.linked > 0 ? `, ${count(s.linked)} linked` : ''})`);
    }));
};

/** `salvage`: exit code 6 when something was lost. */
export const salvage: Register = (program, host) => {
  program
    .command('salvage')
    .description('save everything readable of a damaged store into a new one; the old one is never written to')
    .argument('<from>', 'folder of the store; it need not open')
    .argument('<to>', 'folder of the new one; it must not exist, or be empty')
    .option('--decrypt', 'make a plain store of an encrypted one')
    .addHelpText('after', '\nThe key of an encrypted store is read from FLUORITE_ENCRYPTION_KEY, never from the command line, which others can see. The new store\nhas the same key, or that in FLUORITE_NEW_ENCRYPTION_KEY.')
    .addHelpText('after', examples('fluorite salvage ./memory ./memory-saved', 'fluorite salvage ./memory ./memory-saved --json | jq .warnings'))
    .action(host.action(async (session: Session, from: string, to: string, flags: { decrypt?: boolean }) => {
      // loaded here, so that `doctor` and `--help` work where the addon does not
      const { salvage: run } = await import('../../index.js').catch((e: unknown) => {
        throw isFluoriteError(e) ? e : new FluoriteError('INTERNAL', 'the native addon does not load: `fluorite doctor` says what to do', e);
      });
      const meter = session.meter();
      const { modelsPath } = session.options;
      const new_encryption_key = process.env['FLUORITE_NEW_ENCRYPTION_KEY']?.trim();
      const keys = { ...(new_encryption_key && { new_encryption_key }), ...(flags.decrypt && { decrypt: true }) };
      const s = await run(resolve(from), resolve(to), { ...(modelsPath !== undefined && { models_path: modelsPath }), ...keys, signal: session.signal, on_progress: meter.on_progress }).finally(meter.stop);
      await session.out.result(s, () => [
        table([
          ['chunks saved', `${count(s.chunks)}, ${count(s.vectors)} with their vectors`],
          ['older versions', `${count(s.stepped_back)}${s.stepped_back > 0 ? ' (newer ones cannot be read)' : ''}`],
          ['lost', `${count(s.lost)} chunks known of, ${count(s.records_lost)} records`],
          ['left out', `${count(s.deleted)} deleted, ${count(s.expired)} expired`],
          ['damaged places', count(s.damages)],
        ]),
        ...s.damaged.flatMap(damage),
        ...s.stepped_back_chunks.map((c) => `  ${name(c.id)} (${name(c.namespace)}): version ${c.version} of ${c.lost_version}`),
        ...s.warnings.map((w) => session.out.paint('yellow', `! ${w}`)),
        ...(s.ok ? [session.out.paint('green', 'nothing was damaged')] : []),
      ].join('\n'));
      return s.ok ? EXIT.ok : EXIT.damaged;
    }));
};
