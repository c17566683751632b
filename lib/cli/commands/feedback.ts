import { isUtf8 } from 'node:buffer';

import { Argument } from 'commander';

import { FluoriteError } from '../../facade/errors.js';
import type { Feedback } from '../../facade/types/index.js';
import { withBridge } from '../bridge.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import { bytesOf, open } from '../input.js';
import { objectsOf } from '../lines.js';
import type { Register, Session } from '../session.js';
import { count } from '../text.js';

/** Most that is kept at once, all or none. */
const GROUP = 1_000;

interface Flags {
  query?: string;
  domain?: string;
  namespace?: string;
  comment?: string;
  jsonl?: string;
}

/** `feedback <id> <kind> [value]`, or `--jsonl`. */
export const feedback: Register = (program, host) => {
  program
    .command('feedback')
    .description('say how a chunk did; `fluorite train` learns from it how to rank')
    .argument('[id]', 'the chunk')
    .addArgument(new Argument('[kind]', 'what is said').choices(['success', 'failure', 'usage', 'rating', 'correction']))
    .argument('[value]', 'rating: 0 to 1; correction: a file with the whole text as it should be, or -')
    .option('--query <text>', 'the question that found it; without one nothing is learned between chunks')
    .option('--domain <name>', 'field of work whose ranking this trains (general)')
    .option('--namespace <name>', 'where the chunk lies')
    .option('--comment <text>', 'a remark that is kept with it')
    .option('--jsonl <file>', 'many: a line {"chunk_id": ..., "kind": ..., "query": ...} each; - for standard input')
    .addHelpText('after', examples('fluorite feedback spike:bun-http success --query "http server"', 'fluorite feedback spike:old-http rating 0.2 --query "http server"', 'fluorite feedback notes/deploy correction fixed.md', 'fluorite feedback --jsonl clicks.jsonl && fluorite train'))
    .action(host.action(work));
};

async function work(session: Session, id: string | undefined, kind: Feedback['kind'] | undefined, value: string | undefined, flags: Flags): Promise<number> {
  if (flags.jsonl !== undefined) {
    if (id !== undefined) throw new UsageError('--jsonl takes ids from its lines: leave out the id');
    for (const flag of ['query', 'domain', 'namespace', 'comment'] as const) {
      if (flags[flag] !== undefined) throw new UsageError(`--jsonl takes everything from its lines: write ${flag} there, and leave out --${flag}`);
    }
    return many(session, flags.jsonl);
  }
  if (id === undefined || kind === undefined) throw new UsageError('name the chunk and what is said: fluorite feedback <id> success --query "..."');
  if ((value === undefined) === (kind === 'rating' || kind === 'correction')) {
    throw new UsageError({ rating: 'give the rating, 0 to 1', correction: 'give a file with the corrected text, or -' }[kind as string] ?? `${kind} takes no value`);
  }
  const said = {
    chunk_id: id,
    kind,
    ...(kind === 'rating' && { rating: rated(value as string) }),
    ...(kind === 'correction' && { correction: await corrected(session, value as string) }),
    ...(flags.query !== undefined && { query: flags.query }),
    ...(flags.domain !== undefined && { domain: flags.domain }),
    ...(flags.namespace !== undefined && { namespace: flags.namespace }),
    ...(flags.comment !== undefined && { comment: flags.comment }),
  } as Feedback;
  // a corrected text is embedded
  await withBridge(session, { model: kind === 'correction' }, (bridge) => bridge.addFeedback(said, { signal: session.signal }));
  await session.out.result({ kept: 1 }, () => 'kept');
  return EXIT.ok;
}

function rated(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UsageError(`rating ${text}: give a number from 0 (useless) to 1 (perfect)`);
  return value;
}

/** The text of a correction. */
async function corrected(session: Session, file: string): Promise<string> {
  const content = await bytesOf(file, session.signal);
  if (!isUtf8(content)) throw new FluoriteError('INVALID_ARGUMENT', `${JSON.stringify(file)} is not UTF-8 text: a correction is the whole text of the chunk as it should be`);
  return new TextDecoder().decode(content);
}

/** Lines in groups; a group with a bad line is kept one by one, so that only the bad line is left out. */
async function many(session: Session, file: string): Promise<number> {
  let kept = 0;
  let failed = 0;
  const { stream } = open(file);
  await withBridge(session, { model: true }, async (bridge) => {
    const add = async (group: { line: number; value: Record<string, unknown> }[]): Promise<void> => {
      const said = group.map((g) => g.value as unknown as Feedback);
      try {
        if (said.length > 0) await bridge.addFeedback(said, { signal: session.signal });
        kept += said.length;
      } catch (e) {
        if (session.signal.aborted || !['NOT_FOUND', 'INVALID_ARGUMENT', 'INVALID_ID', 'CHUNK_TOO_LARGE'].includes((e as { code: string }).code)) throw e;
        if (group.length > 1) for (const one of group) await add([one]);
        else {
          failed++;
          session.failure(`line ${group[0]?.line}`, e);
        }
      }
    };
    let group: { line: number; value: Record<string, unknown> }[] = [];
    for await (const { line, value, fault } of objectsOf(stream, session.signal)) {
      if (value === undefined) {
        failed++;
        session.fail('BAD_LINE', `line ${line}: ${fault}`);
      } else group.push({ line, value });
      if (group.length >= GROUP) await add(group.splice(0));
    }
    await add(group);
  });
  await session.out.result({ kept, failed }, () => `${count(kept)} kept${failed > 0 ? `, ${count(failed)} bad` : ''}`);
  return failed > 0 ? EXIT.failed : EXIT.ok;
}
