import { resolve } from 'node:path';

import type { ExportOptions } from '../../facade/types/index.js';
import type { FluoriteBridge } from '../../index.js';
import { withBridge } from '../bridge.js';
import { filtered, filterOf, type FilterFlags } from '../filter.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { bytes, count } from '../text.js';

interface Flags extends FilterFlags {
  embeddings?: boolean;
}

/** `export [file]`: chunks as JSON lines. */
export const exporter: Register = (program, host) => {
  const command = program
    .command('export')
    .description('write chunks as JSON lines, one chunk a line; a file appears when it is complete')
    .argument('[file]', 'where; standard output when absent or -', '-')
    .option('--embeddings', 'write the vectors too: an import need not compute them');
  filtered(command)
    .addHelpText('after', examples('fluorite export backup.jsonl --embeddings', 'fluorite export --namespace notes | gzip > notes.jsonl.gz'))
    .action(host.action(work));
};

function work(session: Session, name: string, flags: Flags): Promise<void> {
  return withBridge(session, {}, async (bridge) => {
    if (name === '-') {
      await run(session, bridge, session.out.stream, flags);
      return;
    }
    const file = resolve(name);
    const { chunks, vectors, bytes: size } = await run(session, bridge, file, flags);
    await session.out.result({ file, exported: chunks, vectors, bytes: size }, () => `${count(chunks)} chunks written to ${file} (${bytes(size)})`);
  });
}

async function run(session: Session, bridge: FluoriteBridge, target: string | NodeJS.WriteStream, flags: Flags): ReturnType<FluoriteBridge['exportJsonl']> {
  const filter = filterOf(flags);
  const meter = session.meterBeside();
  const options: ExportOptions = { ...(filter && { filter }), ...(flags.embeddings && { embeddings: true }), signal: session.signal, on_progress: meter.on_progress };
  try {
    return await bridge.exportJsonl(target, options);
  } finally {
    meter.stop();
  }
}
