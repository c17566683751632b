import type { Damage } from '../../facade/types/index.js';
import { withBridge } from '../bridge.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import { learningText } from '../learning.js';
import type { Register, Session } from '../session.js';
import { bytes, clean, count, table } from '../text.js';

/** `stats`. */
export const stats: Register = (program, host) => {
  program
    .command('stats')
    .description('figures of the store, its caches and the model; with --learning what has been learned')
    .option('--learning', 'folders, qualities, patterns, the last runs, feedback and trained domains')
    .addHelpText('after', examples('fluorite stats', 'fluorite stats --json | jq .chunks', 'fluorite stats --learning'))
    .action(host.action(async (session: Session, { learning }: { learning?: boolean }) => {
      if (learning) {
        const l = await withBridge(session, {}, (bridge) => bridge.getLearningStats({ signal: session.signal }));
        return session.out.result(l, () => learningText(session.out, l));
      }
      const s = await withBridge(session, { model: true }, (bridge) => bridge.getStats());
      await session.out.result(s, () => table([
        ['chunks', count(s.chunks)],
        ['versions', count(s.versions)],
        ['vectors', `${count(s.vectors)}${s.pending > 0 ? `, ${count(s.pending)} pending` : ''}`],
        ['vector index', `${count(s.vector_index.graph_vectors)} in ${count(s.vector_index.graphs)} graphs, ${count(s.vector_index.scanned)} scanned`],
        ['model', s.model.id ?? 'none yet'],
        ['on disk', `${bytes(s.disk_bytes)} in ${count(s.segments)} segments (${bytes(s.vector_bytes)} vectors, ${bytes(s.reserve_bytes)} reserve)`],
        ['uncompressed', bytes(s.raw_bytes)],
        ['live share', `${Math.round(s.live_share * 100)} %${s.live_share < 0.5 && s.chunks > 0 ? ' (`fluorite optimize` frees the rest)' : ''}`],
        ['indexes', bytes(s.index_bytes)],
        ['process', bytes(s.process_rss_bytes)],
      ]));
    }));
};

/** `health`: exit code 1 when a part failed. */
export const health: Register = (program, host) => {
  program
    .command('health')
    .description('what works: storage, index, embedder, search history (and where that is)')
    .addHelpText('after', examples('fluorite health && echo fine', 'fluorite health --json'))
    .action(host.action(async (session: Session) => {
      const h = await withBridge(session, { model: true }, (bridge) => bridge.health());
      const parts = [['storage', h.storage], ['index', h.index], ['embedder', h.embedder], ['history', h.history]] as const;
      await session.out.result(h, () => table([
        ['status', h.status],
        ...parts.map(([name, p]) => [name, p.detail === null ? p.status : `${p.status}: ${p.detail}`] as const),
      ]));
      return h.status === 'failed' ? EXIT.failed : EXIT.ok;
    }));
};

/** A damaged place: where and what, what is lost, what to do. */
export function damage(d: Damage): string[] {
  const where = d.length > 0 ? `${d.offset}..${d.offset + d.length}` : `${d.offset}`;
  return [`  ${d.file} at ${where}: ${clean(d.what)}`, `    lost: ${clean(d.lost)}`, `    -> ${clean(d.remedy)}`];
}

/** `verify`: exit code 6 when something is damaged. */
export const verify: Register = (program, host) => {
  program
    .command('verify')
    .description('read every record and compare checksums')
    .option('--deep', 'decompress every version and compare every index with the log')
    .addHelpText('after', examples('fluorite verify', 'fluorite verify --deep --json | jq .damaged'))
    .action(host.action(async (session: Session, flags: { deep?: boolean }) => {
      const meter = session.meter();
      const v = await withBridge(session, {}, (bridge) =>
        bridge.verify({ ...(flags.deep && { deep: true }), signal: session.signal, on_progress: meter.on_progress }).finally(meter.stop));
      await session.out.result(v, () => [
        `${count(v.records)} records, ${bytes(v.bytes)}: ${v.ok ? session.out.paint('green', 'all sound') : session.out.paint('red', `${count(v.damages)} damaged`)}`,
        ...(v.deep ? [`${count(v.versions)} versions decoded, ${count(v.vectors)} vectors and ${count(v.texts)} texts compared with the indexes, ${count(v.files)} files beside the log`] : []),
        ...v.damaged.flatMap(damage),
        ...(v.damages > v.damaged.length ? [`  ... and ${count(v.damages - v.damaged.length)} more`] : []),
      ].join('\n'));
      return v.ok ? EXIT.ok : EXIT.damaged;
    }));
};

/** `optimize`. */
export const optimize: Register = (program, host) => {
  program
    .command('optimize')
    .description('rewrite what is mostly deleted, compress harder, build one vector graph')
    .addHelpText('after', examples('fluorite optimize'))
    .action(host.action(async (session: Session) => {
      const meter = session.meter();
      const o = await withBridge(session, {}, (bridge) =>
        bridge.optimize({ signal: session.signal, on_progress: meter.on_progress }).finally(meter.stop));
      await session.out.result(o, () => table([
        ['on disk', `${bytes(o.bytes_before)} -> ${bytes(o.bytes_after)}`],
        ['segments rewritten', count(o.segments_rewritten)],
        ['versions dropped', count(o.versions_dropped)],
        ['vectors indexed', count(o.vectors_indexed)],
      ]));
    }));
};
