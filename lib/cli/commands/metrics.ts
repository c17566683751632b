import type { Metrics } from '../../facade/types/index.js';
import { withBridge } from '../bridge.js';
import { UsageError } from '../errors.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { bytes, count, duration, table } from '../text.js';
import { whole } from '../values.js';

interface Flags {
  prometheus?: boolean;
  accuracy?: boolean;
  sample?: number;
  seed?: number;
}

/** `metrics`. */
export const metrics: Register = (program, host) => {
  program
    .command('metrics')
    .description('quality, memory and caches; with --accuracy how well searches find what belongs together. Latencies are those of this call alone: a process that serves tells its own (getMetrics)')
    .option('--prometheus', 'as text for Prometheus (a textfile collector)')
    .option('--accuracy', 'measure leave-one-out hit@10: a search for each chunk of a sample')
    .option('--sample <n>', 'chunks that it is measured on: 200', whole)
    .option('--seed <n>', 'chooses the sample', whole)
    .addHelpText('after', examples('fluorite metrics', 'fluorite metrics --accuracy --sample 500', 'fluorite metrics --prometheus > fluorite.prom', 'fluorite metrics --json | jq .quality.histogram'))
    .action(host.action(work));
};

async function work(session: Session, flags: Flags): Promise<void> {
  if (flags.prometheus && session.out.json) throw new UsageError('give --json or --prometheus, not both');
  if (!flags.accuracy && (flags.sample !== undefined || flags.seed !== undefined)) throw new UsageError('--sample and --seed belong to --accuracy');
  const meter = session.meter();
  const options = {
    ...(flags.accuracy && { accuracy: true }),
    ...(flags.sample !== undefined && { sample: flags.sample }),
    ...(flags.seed !== undefined && { seed: flags.seed }),
    signal: session.signal,
    on_progress: meter.on_progress,
  };
  const told = await withBridge(session, { model: flags.accuracy === true }, (bridge) => {
    const asked = flags.prometheus ? bridge.getMetrics({ ...options, format: 'prometheus' }) : bridge.getMetrics({ ...options, format: 'json' });
    return (asked as Promise<Metrics | string>).finally(meter.stop);
  });
  if (typeof told === 'string') await session.out.write(told);
  else await session.out.result(told, () => text(told));
}

function text(m: Metrics): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const most = Math.max(...m.quality.histogram, 1);
  const bar = (n: number): string => '#'.repeat(Math.ceil((n / most) * 40));
  const quality = m.quality.histogram.map((n, i) => [n, i] as const).filter(([n]) => n > 0);
  const used = Object.entries(m.latency).filter(([, l]) => l.count > 0);
  return [
    table([
      ['chunks', `${count(m.chunks)}, ${count(m.vectors)} with a vector`],
      ['on disk', bytes(m.memory.disk_bytes)],
      ['mapped', `${bytes(m.memory.mapped_bytes)}${m.memory.mapped_resident_bytes === null ? '' : `, ${bytes(m.memory.mapped_resident_bytes)} in memory`}`],
      ['indexes', bytes(m.memory.index_bytes)],
      ['chunk cache', `${bytes(m.caches.chunks.bytes)}, ${percent(m.caches.chunks.hit_rate)} of ${count(m.caches.chunks.hits + m.caches.chunks.misses)} reads`],
      ['embedding cache', `${bytes(m.caches.embeddings.bytes)}, ${percent(m.caches.embeddings.hit_rate)} of ${count(m.caches.embeddings.hits + m.caches.embeddings.misses)} reads`],
      ['process', bytes(m.memory.process_rss_bytes)],
      ...(m.accuracy === null ? [] : [
        ['leave-one-out hit@10', `${percent(m.accuracy.hit_at_10)} of ${count(m.accuracy.measured)} chunks with a relative (by chance ${percent(m.accuracy.chance)}), ${m.accuracy.mode}, ${duration(m.accuracy.duration_ms / 1000)}`],
        ['known-item hit@10', `${percent(m.accuracy.known_item_hit_at_10)} of ${count(m.accuracy.sampled)} chunks, mean reciprocal rank ${m.accuracy.known_item_mrr.toFixed(3)}`],
      ] as const),
    ]),
    ...(m.quality.chunks === 0 ? [] : [`quality, mean ${m.quality.mean.toFixed(2)}:`, ...quality.map(([n, i]) => `  .${i} ${bar(n)} ${count(n)}`)]),
    ...(used.length === 0 ? [] : ['latency of this call:', ...used.map(([stage, l]) => `  ${stage.padEnd(6)}  ${count(l.count)} x, half in ${small(l.p50_seconds)}, 99 % in ${small(l.p99_seconds)}`)]),
  ].join('\n');
}

/** Seconds with microseconds told apart. */
function small(seconds: number): string {
  return seconds < 1e-3 ? `${Math.round(seconds * 1e6)} us` : seconds < 1 ? `${(seconds * 1e3).toFixed(1)} ms` : duration(seconds);
}
