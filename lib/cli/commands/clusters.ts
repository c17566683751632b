import { Option, type Command } from 'commander';

import type { ClusterReport, SearchFilter } from '../../facade/types/index.js';
import { withBridge } from '../bridge.js';
import { filtered, filterOf, type FilterFlags } from '../filter.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { count, duration, name } from '../text.js';
import { whole } from '../values.js';

/** Options of commands that group chunks. */
export interface GroupFlags extends FilterFlags {
  algorithm?: 'kmeans' | 'density';
  k?: number;
  minClusterSize?: number;
  seed?: number;
  maxPoints?: number;
}
interface Flags extends GroupFlags {
  representatives?: number;
  members?: boolean;
}

/** Adds the options of grouping. */
export function grouping(command: Command): Command {
  return filtered(command
    .addOption(new Option('--algorithm <name>', 'nearest of k centres, or where chunks lie dense: kmeans').choices(['kmeans', 'density']))
    .option('-k, --k <n>', 'clusters of kmeans; chosen by silhouette when absent', whole)
    .option('--min-cluster-size <n>', 'fewest chunks of a cluster of density: 15', whole)
    .option('--seed <n>', 'chooses samples and where to begin: 0', whole)
    .option('--max-points <n>', 'most chunks, beyond which a sample is taken: 100000', whole));
}

/** Why chunks are missing, and what to do. */
export function withoutVectors(n: number, missing: string): string {
  return `${count(n)} chunks have no vector and ${missing}: they were stored without the model (--no-ml, enable_ml = false, --background); compute them with \`fluorite embed\` (enable_ml = true)`;
}

/** The options as the bridge takes them. */
export function groupingOf(flags: GroupFlags): { algorithm?: 'kmeans' | 'density'; k?: number; min_cluster_size?: number; seed?: number; max_points?: number; filter?: SearchFilter } {
  const filter = filterOf(flags);
  return {
    ...(filter && { filter }),
    ...(flags.algorithm !== undefined && { algorithm: flags.algorithm }),
    ...(flags.k !== undefined && { k: flags.k }),
    ...(flags.minClusterSize !== undefined && { min_cluster_size: flags.minClusterSize }),
    ...(flags.seed !== undefined && { seed: flags.seed }),
    ...(flags.maxPoints !== undefined && { max_points: flags.maxPoints }),
  };
}

/** `clusters`. */
export const clusters: Register = (program, host) => {
  const command = program
    .command('clusters')
    .description('groups of chunks that mean alike, named by their distinctive words')
    .option('--representatives <n>', 'chunks shown of each: 3', whole)
    .option('--members', 'ids of all chunks of each, with --json');
  grouping(command)
    .addHelpText('after', examples('fluorite clusters', 'fluorite clusters -k 20 --tag react', 'fluorite clusters --algorithm density --json | jq ".clusters[].label"'))
    .action(host.action(work));
};

async function work(session: Session, flags: Flags): Promise<void> {
  const meter = session.meter();
  const options = {
    ...groupingOf(flags),
    ...(flags.representatives !== undefined && { representatives: flags.representatives }),
    ...(flags.members && { members: true }),
    signal: session.signal,
    on_progress: meter.on_progress,
  };
  const report = await withBridge(session, {}, (bridge) => bridge.cluster(options).finally(meter.stop));
  await session.out.result(report, () => text(session, report));
  if (report.damaged > 0) session.note(`${count(report.damaged)} chunks cannot be read and are in no cluster: \`fluorite doctor\` names the damaged places`);
  if (report.without_vector > 0) session.note(withoutVectors(report.without_vector, 'are in no cluster'));
}

function text(session: Session, r: ClusterReport): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const of = r.points < r.chunks ? ` (a sample of ${count(r.chunks)})` : '';
  return [
    `${count(r.clusters.length)} clusters of ${count(r.points)} chunks${of}${r.silhouette === null ? '' : `, silhouette ${r.silhouette.toFixed(2)}`} (${duration(r.duration_ms / 1000)})`,
    ...r.clusters.map((c) =>
      `${session.out.paint('bold', name(c.label || `cluster ${c.index}`))}  ${count(c.size)} (${percent(c.share)}), cohesion ${c.cohesion.toFixed(2)}${c.representatives.length > 0 ? `: ${name(c.representatives.map((m) => m.id).join(', '))}` : ''}`),
    ...(r.outliers.count > 0 ? [`unlike the others: ${count(r.outliers.count)}: ${name(r.outliers.examples.slice(0, 5).map((m) => m.id).join(', '))}`] : []),
  ].join('\n');
}
