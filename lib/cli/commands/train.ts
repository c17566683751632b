import type { DomainTraining, TrainingExample, TrainingResult } from '../../facade/types/index.js';
import { withBridge } from '../bridge.js';
import { FluoriteError } from '../../facade/errors.js';
import { examples } from '../help.js';
import { open } from '../input.js';
import { objectsOf } from '../lines.js';
import type { Register, Session } from '../session.js';
import { clean, count, duration } from '../text.js';
import { number } from '../values.js';

interface Flags {
  examples?: string;
  protection?: number;
  all?: boolean;
}

/** `train`. */
export const train: Register = (program, host) => {
  program
    .command('train')
    .description('learn from feedback which hits to rank higher; what orders held-out pairs no better is thrown away')
    .option('--examples <file>', 'pairs as JSON lines {"query", "preferred", "rejected"}; - for standard input')
    .option('--protection <n>', 'how strongly what other domains learned is kept, 0 to 1,000', number)
    .option('--all', 'domains without new feedback as well')
    .addHelpText('after', examples('fluorite train', 'fluorite train --examples pairs.jsonl --json | jq .accuracy_after'))
    .action(host.action(work));
};

async function work(session: Session, flags: Flags): Promise<void> {
  const pairs = flags.examples === undefined ? undefined : await read(session, flags.examples);
  const report = await withBridge(session, { model: true }, async (bridge) => {
    const meter = session.meter();
    try {
      return await bridge.trainIncremental(pairs, {
        ...(flags.protection !== undefined && { protection: flags.protection }),
        ...(flags.all && { all: true }),
        signal: session.signal,
        on_progress: meter.on_progress,
      });
    } finally {
      meter.stop();
    }
  });
  await session.out.result(report, () => text(report));
}

async function read(session: Session, file: string): Promise<TrainingExample[]> {
  const pairs: TrainingExample[] = [];
  for await (const { line, value, fault } of objectsOf(open(file).stream, session.signal)) {
    if (value === undefined) throw new FluoriteError('INVALID_ARGUMENT', `${file}, line ${line}: ${fault}`);
    pairs.push(value as unknown as TrainingExample);
  }
  return pairs;
}

function text(r: TrainingResult): string {
  const share = (a: number | null): string => (a === null ? '?' : `${(a * 100).toFixed(1)} %`);
  const domain = (d: DomainTraining): string[] => [
    `  ${clean(d.domain)}: ${count(d.pairs)} pairs of ${count(d.queries)} queries, ${count(d.held_out_pairs)} held out: ${share(d.accuracy_before)} -> ${share(d.accuracy_after)} in the right order, ${d.applied ? 'in use' : `not used: ${d.reason ?? ''}`}`,
    ...(d.shared?.reason ? [`    ${clean(d.shared.reason)}; ${share(d.shared.kept.hit_at_10)} now`] : []),
    ...d.retained.map((o) => `    ${clean(o.domain)}: ${share(o.accuracy_before)} -> ${share(o.accuracy_after)}`),
  ];
  const gone = r.not_found > 0 ? [`  ${count(r.not_found)} judged chunks are gone or not among the best hundred`] : [];
  return [`${count(r.events)} events, ${r.applied ? 'something new is in use' : 'nothing changed'} (${duration(r.duration_ms / 1000)})`, ...r.domains.flatMap(domain), ...gone].join('\n');
}
