import { Option } from 'commander';

import { withBridge } from '../bridge.js';
import { filtered, filterOf, type FilterFlags } from '../filter.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { showHits } from '../show.js';
import { name } from '../text.js';
import { number, whole } from '../values.js';

interface Flags extends FilterFlags {
  limit: number;
  mode?: 'vector' | 'lexical';
  minScore?: number;
  of?: string;
  ids?: boolean;
}

/** `related <id>`. */
export const related: Register = (program, host) => {
  const command = program
    .command('related')
    .description('the chunks most like a stored one')
    .argument('<id>', 'the stored chunk')
    .option('--of <namespace>', 'where that chunk lies')
    .option('-n, --limit <n>', 'most hits', whole, 10)
    .addOption(new Option('--mode <mode>', 'by its vector when it has one').choices(['vector', 'lexical']))
    .option('--min-score <0..1>', 'leave out weaker hits', number)
    .option('--ids', 'ids alone, one a line');
  filtered(command)
    .addHelpText('after', examples('fluorite related spike:fastapi-minimal', 'fluorite related spike:fastapi-minimal -n 3 --tag websocket'))
    .action(host.action(work));
};

async function work(session: Session, id: string, flags: Flags): Promise<void> {
  const filter = filterOf(flags);
  const [hits, self] = await withBridge(session, {}, async (bridge) => {
    const place = flags.of === undefined ? {} : { namespace: flags.of };
    const found = await bridge.findRelated(id, {
      limit: flags.limit,
      ...place,
      ...(flags.mode !== undefined && { mode: flags.mode }),
      ...(flags.minScore !== undefined && { min_score: flags.minScore }),
      ...(filter && { filter }),
      signal: session.signal,
    });
    return [found, await bridge.getChunk(id, place)] as const;
  });
  if (session.out.json) return session.out.line(JSON.stringify({ id, hits }, null, 2));
  if (flags.ids) for (const hit of hits) await session.out.line(name(hit.id));
  else if (hits.length === 0) session.note('nothing is like it');
  else await showHits(session.out, hits, self?.content.slice(0, 2_000) ?? '');
}
