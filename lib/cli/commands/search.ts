import { Option } from 'commander';

import { withBridge } from '../bridge.js';
import { UsageError } from '../errors.js';
import { filtered, filterOf, type FilterFlags } from '../filter.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { showHits } from '../show.js';
import { count, name } from '../text.js';
import { number, whole } from '../values.js';

interface Flags extends FilterFlags {
  limit: number;
  offset?: number;
  mode?: 'hybrid' | 'vector' | 'lexical';
  minScore?: number;
  mmr?: number;
  budget?: number;
  explain?: boolean;
  exact?: boolean;
  rerank: boolean;
  domain?: string;
  learned: boolean;
  ids?: boolean;
}

/** `search <query>`. */
export const search: Register = (program, host) => {
  const command = program
    .command('search')
    .description('the chunks that fit a question best: by meaning and by words')
    .argument('<query...>', 'what to look for')
    .option('-n, --limit <n>', 'most hits', whole, 10)
    .option('--offset <n>', 'skip the first hits', whole)
    .addOption(new Option('--mode <mode>', 'hybrid unless the model is off').choices(['hybrid', 'vector', 'lexical']))
    .option('--min-score <0..1>', 'leave out weaker hits', number)
    .option('--mmr <0..1>', 'variety: 1 is none', number)
    .option('--budget <tokens>', 'most tokens of all hits together', whole)
    .option('--explain', 'show what the score is made of')
    .option('--exact', 'scan every vector')
    .option('--no-rerank', 'no ranking signals beside the scores')
    .option('--domain <name>', 'rank by what feedback of this domain taught')
    .option('--no-learned', 'without what feedback taught')
    .option('--ids', 'ids alone, one a line');
  filtered(command)
    .addHelpText('after', examples('fluorite search upload files to s3', 'fluorite search "jwt refresh" -n 3 --framework express --explain', 'fluorite search "cron job" --json | jq -r ".hits[].id"'))
    .action(host.action(work));
};

async function work(session: Session, words: string[], flags: Flags): Promise<void> {
  const query = words.join(' ');
  if (query.trim() === '') throw new UsageError('there is nothing to search for: give some words');
  const filter = filterOf(flags);
  const hits = await withBridge(session, { model: flags.mode !== 'lexical' }, async (bridge) => {
    const found = await bridge.searchSimilar(query, {
      limit: flags.limit,
      ...(flags.offset !== undefined && { offset: flags.offset }),
      ...(flags.mode !== undefined && { mode: flags.mode }),
      ...(flags.minScore !== undefined && { min_score: flags.minScore }),
      ...(flags.mmr !== undefined && { mmr_lambda: flags.mmr }),
      ...(flags.budget !== undefined && { budget_tokens: flags.budget }),
      ...(flags.explain && { explain: true }),
      ...(flags.exact && { exact: true }),
      ...(!flags.rerank && { rerank: false }),
      ...(flags.domain !== undefined && { domain: flags.domain }),
      ...(!flags.learned && { learned: false }),
      ...(filter && { filter }),
      signal: session.signal,
    });
    if (flags.domain !== undefined && flags.learned) noteUntrained(session, flags.domain, (await bridge.getStats()).domains);
    return found;
  });
  if (session.out.json) return session.out.line(JSON.stringify({ query, hits }, null, 2));
  if (flags.ids) for (const hit of hits) await session.out.line(name(hit.id));
  else if (hits.length === 0) session.note(`nothing fits${filter ? ' within the filter' : ''}${flags.budget === undefined ? '' : `, or nothing that does is within ${count(flags.budget)} tokens (--budget)`}; \`fluorite stats\` says what is stored`);
  else await showHits(session.out, hits, query);
}

/** Such a search is no failure (the domain may get its training later), but the ranking is not the one asked for. */
function noteUntrained(session: Session, domain: string, trained: readonly string[]): void {
  if (trained.includes(domain)) return;
  const known = trained.length > 0 ? `by what all domains taught (trained: ${trained.map(name).join(', ')})` : 'without anything learned: no feedback was trained yet (`fluorite feedback`, then `fluorite train`)';
  session.note(`--domain ${name(domain)}: nothing was trained for it, so this ranks ${known}`);
}
