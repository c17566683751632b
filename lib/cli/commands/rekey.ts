import { withBridge } from '../bridge.js';
import { UsageError } from '../errors.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { count } from '../text.js';

/** `rekey`. */
export const rekey: Register = (program, host) => {
  program
    .command('rekey')
    .description('give an encrypted store another key, and write everything anew with it')
    .addHelpText('after', '\nThe key is read from FLUORITE_ENCRYPTION_KEY and the new one from FLUORITE_NEW_ENCRYPTION_KEY, never from the command line, which\nothers can see. From the first step on the new key opens the store; interrupted, the rest is done by the next command that writes.')
    .addHelpText('after', examples('FLUORITE_NEW_ENCRYPTION_KEY=$NEW_KEY fluorite rekey'))
    .action(host.action(async (session: Session) => {
      const key = process.env['FLUORITE_NEW_ENCRYPTION_KEY']?.trim();
      if (!key) throw new UsageError('the new key is missing: set FLUORITE_NEW_ENCRYPTION_KEY (openssl rand -hex 32 makes one), and keep it');
      if (key === process.env['FLUORITE_ENCRYPTION_KEY']?.trim()) throw new UsageError('FLUORITE_NEW_ENCRYPTION_KEY is the key in use: make another (openssl rand -hex 32), and keep it');
      const meter = session.meter();
      const r = await withBridge(session, {}, (bridge) => bridge.rotateKey(key, { signal: session.signal, on_progress: meter.on_progress }).finally(meter.stop));
      await session.out.result(r, () => `the new key opens the store, the old one does not; ${count(r.segments_rewritten)} segments were written anew`);
    }));
};
