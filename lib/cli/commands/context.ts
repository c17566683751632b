import { Option } from 'commander';

import { withBridge } from '../bridge.js';
import { UsageError } from '../errors.js';
import { filtered, filterOf, type FilterFlags } from '../filter.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { clean, count } from '../text.js';
import { number, whole } from '../values.js';

interface Flags extends FilterFlags {
  budget: number;
  format?: 'markdown' | 'plain';
  order?: 'stable' | 'relevance';
  mode?: 'hybrid' | 'vector' | 'lexical';
  minScore?: number;
  mmr?: number;
}

/** `context <query>`. */
export const context: Register = (program, host) => {
  const command = program
    .command('context')
    .description('the best chunks for a question as one text for a prompt, never over a budget of tokens')
    .argument('<query...>', 'what the prompt is about')
    .option('-b, --budget <tokens>', 'most tokens', whole, 2_000)
    .addOption(new Option('--format <format>', 'markdown when absent').choices(['markdown', 'plain']))
    .addOption(new Option('--order <order>', 'stable when absent: the same chunks give the same bytes').choices(['stable', 'relevance']))
    .addOption(new Option('--mode <mode>', 'hybrid unless the model is off').choices(['hybrid', 'vector', 'lexical']))
    .option('--min-score <0..1>', 'leave out weaker chunks', number)
    .option('--mmr <0..1>', 'variety: 1 is none', number);
  filtered(command)
    .addHelpText('after', examples('fluorite context "rate limiting in express" --budget 1500', 'fluorite context retries --format plain | pbcopy'))
    .action(host.action(work));
};

async function work(session: Session, words: string[], flags: Flags): Promise<void> {
  const query = words.join(' ');
  if (query.trim() === '') throw new UsageError('there is nothing to look for: say what the prompt is about');
  const filter = filterOf(flags);
  const made = await withBridge(session, { model: true }, (bridge) =>
    bridge.buildContext(query, {
      budget_tokens: flags.budget,
      ...(flags.format !== undefined && { format: flags.format }),
      ...(flags.order !== undefined && { order: flags.order }),
      ...(flags.mode !== undefined && { mode: flags.mode }),
      ...(flags.minScore !== undefined && { min_score: flags.minScore }),
      ...(flags.mmr !== undefined && { mmr_lambda: flags.mmr }),
      ...(filter && { filter }),
      signal: session.signal,
    }),
  );
  if (session.out.json) return session.out.line(JSON.stringify(made, null, 2));
  if (made.text === '') return session.note(`nothing fits, or nothing that does is within ${count(flags.budget)} tokens (--budget)`);
  await session.out.line(session.out.terminal ? clean(made.text) : made.text);
  if (session.out.terminal) session.note(`${made.tokens} tokens, ${made.chunks.length} chunks`);
}
