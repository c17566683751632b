import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';

import { FluoriteError } from '../../facade/errors.js';
import { withBridge } from '../bridge.js';
import { fileError, UsageError } from '../errors.js';
import { examples } from '../help.js';
import { png } from '../map/png.js';
import { svg } from '../map/svg.js';
import type { Register, Session } from '../session.js';
import { count } from '../text.js';
import { whole } from '../values.js';
import { grouping, groupingOf, withoutVectors, type GroupFlags } from './clusters.js';

/** The picture when none is named. */
const USUAL = 'fluorite-map.svg';

interface Flags extends GroupFlags {
  neighbours?: number;
  size: number;
}

/** `map [file]`. */
export const map: Register = (program, host) => {
  const command = program
    .command('map')
    .description('draw the chunks so that what means alike lies near each other, coloured by cluster')
    .argument('[file]', 'SVG (titles and a legend) or PNG (dots alone), by its ending; - for SVG on standard output; fluorite-map.svg when absent, with --json none')
    .option('--neighbours <n>', 'chunks that one is drawn to: 15; fewer show small groups', whole)
    .option('--size <pixels>', 'longer side of the map, 100 to 10000', whole, 1_000);
  grouping(command)
    .addHelpText('after', examples('fluorite map', 'fluorite map react.png --framework react --size 2000', 'fluorite map --json | jq length'))
    .action(host.action(work));
};

async function work(session: Session, named: string | undefined, flags: Flags): Promise<void> {
  const name = named ?? USUAL;
  if (named === '-' && session.out.json) throw new UsageError('--json and - both write to standard output: name a file, or leave one of them out');
  const kind = name === '-' ? '.svg' : extname(name).toLowerCase();
  if (kind !== '.svg' && kind !== '.png') throw new UsageError(`${name}: give a file that ends in .svg or .png`);
  if (flags.size < 100 || flags.size > 10_000) throw new UsageError(`--size ${flags.size}: give 100 to 10000`);
  const meter = session.meter();
  const options = {
    ...groupingOf(flags),
    ...(flags.neighbours !== undefined && { neighbours: flags.neighbours }),
    signal: session.signal,
    on_progress: meter.on_progress,
  };
  const { points, without } = await withBridge(session, {}, async (bridge) => {
    const drawn = await bridge.memoryMap(options).finally(meter.stop);
    const { chunks, vectors } = await bridge.getStats();
    return { points: drawn, without: chunks - vectors };
  });
  const missing = withoutVectors(without, 'are not on the map');
  const listed = session.out.json && named === undefined; // nobody asked for a picture
  if (points.length === 0 && !listed) {
    throw new FluoriteError('NOT_FOUND', `there is nothing to draw${without > 0 ? `: of the whole store ${missing}` : ': no chunk matches'}`);
  }
  if (without > 0) session.note(`of the whole store ${missing}`);
  if (listed) return session.out.result(points, () => '');
  if (name === '-') return session.out.write(svg(points, flags.size));
  const file = resolve(name);
  put(file, kind === '.png' ? png(points, flags.size) : svg(points, flags.size));
  await session.out.result(points, () => `${count(points.length)} chunks drawn to ${file}`);
}

/** Beside the file first: what stands there is kept until the new one is complete. */
function put(file: string, data: string | Buffer): void {
  const part = `${file}.${process.pid}.part`;
  try {
    writeFileSync(part, data, { flag: 'wx' });
    renameSync(part, file);
  } catch (e) {
    rmSync(part, { force: true });
    throw fileError('write', file, e);
  }
}
