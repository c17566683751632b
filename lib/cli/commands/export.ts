import { resolve } from 'node:path';

import type { ExportOptions } from '../../facade/types/index.js';
import type { FluoriteBridge } from '../../index.js';
import { FluoriteError, isFluoriteError } from '../../facade/errors.js';
import { withBridge } from '../bridge.js';
import { DamageMeter } from '../damage.js';
import { filtered, filterOf, type FilterFlags } from '../filter.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { bytes, count } from '../text.js';

interface Flags extends FilterFlags {
  embeddings?: boolean;
  skipDamaged?: boolean;
}

/** `export [file]`: chunks as JSON lines. */
export const exporter: Register = (program, host) => {
  const command = program
    .command('export')
    .description('write chunks as JSON lines, one chunk a line; a file appears when it is complete')
    .argument('[file]', 'where; standard output when absent or -', '-')
    .option('--embeddings', 'write the vectors too: an import need not compute them')
    .option('--skip-damaged', 'go on behind what cannot be read, and end with 6; else the first damaged place ends it, so that no incomplete file takes the place of a whole one');
  filtered(command)
    .addHelpText('after', examples('fluorite export backup.jsonl --embeddings', 'fluorite export --namespace notes | gzip > notes.jsonl.gz'))
    .action(host.action(work));
};

function work(session: Session, name: string, flags: Flags): Promise<number> {
  return withBridge(session, {}, async (bridge) => {
    const damage = new DamageMeter(session);
    const target = name === '-' ? session.out.stream : resolve(name);
    const { chunks, vectors, bytes: size } = await run(session, bridge, target, flags, damage);
    if (typeof target === 'string') {
      await session.out.result({ file: target, exported: chunks, vectors, bytes: size, ...(flags.skipDamaged && { damaged: damage.found }) }, () => `${count(chunks)} chunks written to ${target} (${bytes(size)})`);
    }
    return damage.end('chunks or vectors cannot be read and are missing');
  });
}

async function run(session: Session, bridge: FluoriteBridge, target: string | NodeJS.WriteStream, flags: Flags, damage: DamageMeter): ReturnType<FluoriteBridge['exportJsonl']> {
  const filter = filterOf(flags);
  const meter = session.meterBeside();
  const options: ExportOptions = {
    ...(filter && { filter }),
    ...(flags.embeddings && { embeddings: true }),
    ...(flags.skipDamaged && { on_damage: damage.on_damage }),
    signal: session.signal,
    on_progress: meter.on_progress,
  };
  try {
    return await bridge.exportJsonl(target, options);
  } catch (e) {
    if (isFluoriteError(e) && e.code === 'CORRUPT') throw new FluoriteError('CORRUPT', `${e.message}; \`fluorite export --skip-damaged\` writes the others`, e);
    throw e;
  } finally {
    meter.stop();
  }
}
