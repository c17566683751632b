import { withBridge } from '../bridge.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import { importLines } from '../importing.js';
import { open } from '../input.js';
import type { Register, Session } from '../session.js';
import { clean, count } from '../text.js';

interface Flags {
  namespace?: string;
  force?: boolean;
  background?: boolean;
  strict?: boolean;
  /** commander's spelling of `--no-embeddings`. */
  embeddings?: boolean;
}

/** `import [file]`: JSON lines into the store. */
export const importer: Register = (program, host) => {
  program
    .command('import')
    .description('store the chunks of JSON lines; what is stored already is skipped, so an interrupted import is simply run again')
    .argument('[file]', 'what `fluorite export` wrote, or lines with at least `content`; standard input when absent or -', '-')
    .option('--namespace <name>', 'for records that name none')
    .option('--force', 'store also what is stored already')
    .option('--background', 'compute vectors later (`fluorite embed`)')
    .option('--no-embeddings', 'compute every vector, also where the lines bring one of this model')
    .option('--strict', 'exit code 1 when a line was bad')
    .addHelpText('after', examples('fluorite import backup.jsonl', 'gunzip -c notes.jsonl.gz | fluorite import --namespace notes'))
    .action(host.action(work));
};

async function work(session: Session, file: string, flags: Flags): Promise<number> {
  const { stream } = open(file);
  const report = await withBridge(session, { model: true, create: true }, (bridge) => importLines(session, bridge, stream, {
    ...(flags.namespace !== undefined && { defaults: { namespace: flags.namespace } }),
    ...(flags.force && { force: true }),
    ...(flags.embeddings === false && { embeddings: false }),
    ...(flags.background && { embed: 'background' as const }),
  }));
  for (const { line, reason } of report.bad) session.fail('BAD_LINE', `line ${line}: ${clean(reason)}`);
  await session.out.result(report, () => {
    const parts = [`${count(report.stored)} stored`, `${count(report.unchanged)} unchanged`];
    if (report.expired > 0) parts.push(`${count(report.expired)} expired`);
    if (report.vectors > 0) parts.push(`${count(report.vectors)} with their vectors`);
    if (report.vectors_dropped > 0) parts.push(`${count(report.vectors_dropped)} vectors of another model`);
    if (report.failed > 0) parts.push(`${count(report.failed)} bad`);
    return `${count(report.lines)} lines: ${parts.join(', ')}`;
  });
  return flags.strict && report.failed > 0 ? EXIT.failed : EXIT.ok;
}
