import type { FluoriteBridge } from '../../index.js';
import { withBridge } from '../bridge.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import { importLines } from '../importing.js';
import { bytesOf, look, open } from '../input.js';
import type { Register, Session } from '../session.js';
import { storePieces } from '../pieces.js';
import { counter } from '../progress.js';
import { clean, count, name } from '../text.js';
import { fieldsOf, idOf, withFields, type FieldFlags } from '../fields.js';
import { whole } from '../values.js';

interface Flags extends FieldFlags {
  id?: string;
  jsonl?: boolean;
  chunk?: boolean;
  maxTokens?: number;
  overlap?: number;
  background?: boolean;
}

/** `store [file...]`. */
export const store: Register = (program, host) => {
  const command = program
    .command('store')
    .description('store files, standard input, or JSON lines; the id is the path unless --id names one')
    .argument('[file...]', 'files; standard input when absent or -')
    .option('--id <id>', 'id of the chunk (with one input)')
    .option('--jsonl', 'each line of the input is a chunk: {"content": ..., "id": ..., "tags": [...]}; options below hold where it names nothing else')
    .option('--chunk', 'cut texts along their structure; pieces are <id>#1, <id>#2, ... and replace those of an earlier run')
    .option('--max-tokens <n>', 'most tokens of a piece (with --chunk)', whole)
    .option('--overlap <n>', 'tokens repeated from the piece before (with --chunk)', whole)
    .option('--background', 'compute vectors later (`fluorite embed`)');
  withFields(command)
    .addHelpText('after', examples('fluorite store docs/*.md --chunk --tag docs', 'echo "deploys happen on Fridays" | fluorite store --id deploys', 'fluorite store --jsonl chunks.jsonl'))
    .action(host.action(work));
};

async function work(session: Session, files: string[], flags: Flags): Promise<number> {
  const inputs = files.length > 0 ? files : ['-'];
  if (flags.jsonl && (flags.chunk || flags.id !== undefined)) throw new UsageError('--jsonl takes ids and pieces from its lines: leave out --chunk and --id');
  if (flags.id !== undefined && inputs.length > 1) throw new UsageError('--id names one chunk: give one file');
  if (!flags.chunk && (flags.maxTokens !== undefined || flags.overlap !== undefined)) throw new UsageError('--max-tokens and --overlap belong to --chunk');
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('standard input can be read once: name - once');
  for (const input of inputs) if (input === '-' || inputs.length === 1) look(input); // refused before a store is made
  const piped = inputs.includes('-') && !flags.jsonl ? await given(session) : undefined;
  return withBridge(session, { model: true, create: true }, (bridge) => (flags.jsonl ? lines(session, bridge, inputs, flags) : texts(session, bridge, inputs, flags, piped)));
}

/** Standard input, read before a store is made: a command before the pipe that failed, or a variable that is not set, is no chunk. */
async function given(session: Session): Promise<Buffer> {
  const content = await bytesOf('-', session.signal);
  if (content.toString('latin1').trim() === '') throw new UsageError('there is nothing on standard input: pipe something in, or name a file');
  return content;
}

async function lines(session: Session, bridge: FluoriteBridge, inputs: string[], flags: Flags): Promise<number> {
  let failed = 0;
  for (const input of inputs) {
    const report = await importLines(session, bridge, open(input).stream, { defaults: fieldsOf('-', flags), ...(flags.background && { embed: 'background' as const }) });
    for (const { line, reason } of report.bad) session.fail('BAD_LINE', `${input}, line ${line}: ${clean(reason)}`);
    failed += report.failed;
    await (session.out.json ? session.out.record({ input, ...report }) : session.out.line(`${count(report.stored)} stored, ${count(report.unchanged)} unchanged, ${count(report.failed)} bad`));
  }
  return failed > 0 ? EXIT.failed : EXIT.ok;
}

async function texts(session: Session, bridge: FluoriteBridge, inputs: string[], flags: Flags, piped: Buffer | undefined): Promise<number> {
  const write = { ...(flags.background && { embed: 'background' as const }), signal: session.signal };
  let code: number = EXIT.ok;
  const meter = session.meterBeside();
  const stored = counter(meter, 'store', inputs.length);
  try {
    for (const input of inputs) {
      session.check();
      try {
        const content = input === '-' && piped !== undefined ? piped : await bytesOf(input, session.signal);
        const fields = fieldsOf(input, flags);
        const id = flags.id ?? idOf(input);
        const pieces = { ...(flags.maxTokens !== undefined && { max_tokens: flags.maxTokens }), ...(flags.overlap !== undefined && { overlap_tokens: flags.overlap }) };
        const ids = flags.chunk
          ? await storePieces(bridge, id, input, content, fields, pieces, write)
          : [await bridge.storeChunk({ ...fields, ...(id !== undefined && { id }), content }, write)];
        stored();
        await (session.out.json ? session.out.record({ input, ids }) : session.out.line(ids.map(name).join('\n')));
      } catch (e) {
        if (session.signal.aborted || inputs.length === 1) throw e;
        code = session.failure(input, e); // the other files are still wanted
      }
    }
  } finally {
    meter.stop();
  }
  return code;
}
