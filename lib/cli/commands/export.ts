import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { resolve } from 'node:path';

import type { FluoriteBridge } from '../../index.js';
import { withBridge } from '../bridge.js';
import { fileError } from '../errors.js';
import { filtered, filterOf, type FilterFlags } from '../filter.js';
import { examples } from '../help.js';
import { counter } from '../progress.js';
import { mayBeBytes, toRecord, type Exported } from '../records.js';
import type { Register, Session } from '../session.js';
import { count } from '../text.js';

/** `export [file]`: chunks as JSON lines. */
export const exporter: Register = (program, host) => {
  const command = program
    .command('export')
    .description('write chunks as JSON lines, one chunk a line; a file appears when it is complete')
    .argument('[file]', 'where; standard output when absent or -', '-');
  filtered(command)
    .addHelpText('after', examples('fluorite export backup.jsonl', 'fluorite export --namespace notes | gzip > notes.jsonl.gz'))
    .action(host.action(work));
};

function work(session: Session, name: string, flags: FilterFlags): Promise<void> {
  return withBridge(session, {}, async (bridge) => {
    if (name === '-') {
      for await (const record of records(session, bridge, flags)) await session.out.record(record);
      return;
    }
    const file = resolve(name);
    const written = await toFile(file, records(session, bridge, flags));
    await session.out.result({ file, exported: written }, () => `${count(written)} chunks written to ${file}`);
  });
}

async function* records(session: Session, bridge: FluoriteBridge, flags: FilterFlags): AsyncGenerator<Exported> {
  const filter = filterOf(flags);
  const total = filter ? null : (await bridge.getStats()).chunks;
  const meter = session.meterBeside();
  const written = counter(meter, 'export', total);
  try {
    for await (const chunk of bridge.listChunks({ ...(filter && { filter }), signal: session.signal })) {
      session.check();
      const bytes = mayBeBytes(chunk.content) ? await bridge.getContentBuffer(chunk.id, { namespace: chunk.namespace }) : null;
      yield toRecord(chunk, bytes && !bytes.equals(Buffer.from(chunk.content)) ? bytes : undefined);
      written();
    }
  } finally {
    meter.stop();
  }
}

/** Beside the file first: what stands there is kept until the new one is complete. */
async function toFile(file: string, source: AsyncIterable<Exported>): Promise<number> {
  const part = `${file}.${process.pid}.part`;
  const stream = createWriteStream(part, { flags: 'wx', mode: 0o600 });
  let written = 0;
  try {
    await once(stream, 'open');
    const failed = once(stream, 'error').then(([e]) => { throw e as Error; });
    failed.catch(() => undefined);
    for await (const record of source) {
      if (!stream.write(`${JSON.stringify(record)}\n`)) await Promise.race([once(stream, 'drain'), failed]);
      written++;
    }
    stream.end();
    await Promise.race([once(stream, 'finish'), failed]);
    renameSync(part, file);
    return written;
  } catch (e) {
    stream.destroy();
    rmSync(part, { force: true });
    throw typeof (e as NodeJS.ErrnoException).syscall === 'string' ? fileError('write', file, e) : e;
  }
}
