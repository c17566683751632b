import { Option } from 'commander';

import { withBridge } from '../bridge.js';
import { DamageMeter } from '../damage.js';
import { filtered, filterOf, type FilterFlags } from '../filter.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { chunkLine } from '../show.js';
import { name } from '../text.js';
import { whole } from '../values.js';

interface Flags extends FilterFlags {
  limit?: number;
  order?: 'stored' | 'id' | 'updated';
  after?: string;
  ids?: boolean;
}

/** `list`. */
export const list: Register = (program, host) => {
  const command = program
    .command('list')
    .description('print what is stored, one chunk a line')
    .option('-n, --limit <n>', 'most chunks', whole)
    .addOption(new Option('--order <order>', 'stored when absent').choices(['stored', 'id', 'updated']))
    .option('--after <id>', 'start behind this chunk')
    .option('--ids', 'ids alone (line breaks in them as \\n; --json has them as they are)');
  filtered(command)
    .addHelpText('after', examples('fluorite list --order updated -n 20', 'fluorite list --tag draft --ids', 'fluorite list --json | jq -r .source | sort | uniq -c'))
    .action(host.action(work));
};

function work(session: Session, flags: Flags): Promise<number> {
  const { out } = session;
  const filter = filterOf(flags);
  return withBridge(session, {}, async (bridge) => {
    const damage = new DamageMeter(session);
    const chunks = bridge.listChunks({
      ...(filter && { filter }),
      ...(flags.limit !== undefined && { limit: flags.limit }),
      ...(flags.order !== undefined && { order: flags.order }),
      ...(flags.after !== undefined && { after: flags.after }),
      signal: session.signal,
      on_damage: damage.on_damage,
    });
    for await (const chunk of chunks) {
      session.check(); // a page may have been read before the interruption
      if (out.json) await out.record(chunk);
      else await out.line(flags.ids ? name(chunk.id) : chunkLine(out, chunk));
    }
    return damage.end('chunks cannot be read and were left out');
  });
}
