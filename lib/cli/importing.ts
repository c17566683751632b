import type { FluoriteBridge } from '../index.js';
import type { ChunkInput } from '../facade/types/index.js';
import { failureOf } from './errors.js';
import type { Fields } from './fields.js';
import { objectsOf } from './lines.js';
import { fromRecord, isStored, mayBeBytes } from './records.js';
import type { Session } from './session.js';

/** Lines compared with the store at once. */
const GROUP = 64;

/** A line that was not taken. */
export interface BadLine {
  line: number;
  reason: string;
}
/** What became of the lines of an input. */
export interface ImportReport {
  lines: number;
  stored: number;
  /** Left alone: stored already with this content and these fields. */
  unchanged: number;
  /** Left out: their time was over. */
  expired: number;
  /** Lines that could not be taken. */
  failed: number;
  /** The first 1,000 of them. */
  bad: BadLine[];
}
/** How lines are taken. */
export interface ImportOptions {
  /** For records that say nothing else. */
  defaults: Fields;
  /** Store all, also what is stored already. */
  force?: boolean | undefined;
  background?: boolean | undefined;
}

/** Stores the records of a stream of JSON lines. A bad line is reported, never fatal; a second run stores only what is missing. */
export async function importLines(
  session: Session,
  bridge: FluoriteBridge,
  input: AsyncIterable<Buffer>,
  options: ImportOptions,
): Promise<ImportReport> {
  const report: ImportReport = { lines: 0, stored: 0, unchanged: 0, expired: 0, failed: 0, bad: [] };
  const sent: number[] = []; // line numbers, in the order of sending
  const reject = (line: number, reason: string): void => {
    report.failed++;
    if (report.bad.length < 1_000) report.bad.push({ line, reason });
  };
  const missing = async function* (group: [number, ChunkInput][]): AsyncGenerator<ChunkInput> {
    const there = options.force ? [] : await stored(bridge, group.map(([, chunk]) => chunk));
    for (const [i, [line, chunk]] of group.entries()) {
      if (there[i]) report.unchanged++;
      else {
        sent.push(line);
        yield chunk;
      }
    }
  };
  const source = async function* (): AsyncGenerator<ChunkInput> {
    let group: [number, ChunkInput][] = [];
    for await (const { line, value, fault } of objectsOf(input, session.signal)) {
      report.lines++;
      const read = value === undefined ? { fault: fault as string } : fromRecord(value, Date.now());
      if ('fault' in read) reject(line, read.fault);
      else if ('expired' in read) report.expired++;
      else group.push([line, { ...options.defaults, ...read.chunk }]);
      if (group.length >= GROUP) {
        yield* missing(group);
        group = [];
      }
    }
    yield* missing(group);
  };
  const meter = session.meter();
  try {
    const result = await bridge.storeChunks(source(), {
      on_error: 'collect',
      ...(options.background && { embed: 'background' as const }),
      signal: session.signal,
      on_progress: meter.on_progress,
    });
    report.stored = result.stored;
    for (const f of result.failed) reject(sent[f.index] as number, `${f.code}: ${f.message}`);
    report.bad.sort((a, b) => a.line - b.line);
    return report;
  } finally {
    meter.stop();
  }
}

/** Which of the chunks are stored as they are. What names no id, or a wrong one, is not. */
async function stored(bridge: FluoriteBridge, chunks: ChunkInput[]): Promise<boolean[]> {
  const same = chunks.map(() => false);
  const spaces = new Map<unknown, number[]>();
  chunks.forEach(({ id, namespace }, i) => {
    if (typeof id === 'string') spaces.set(namespace, [...(spaces.get(namespace) ?? []), i]);
  });
  for (const [namespace, places] of spaces) {
    const at = namespace === undefined ? {} : { namespace: namespace as string };
    const ids = places.map((i) => chunks[i]?.id as string);
    const found = await bridge.getChunks(ids, at).catch(unlessInvalid) ?? await Promise.all(ids.map((id) => bridge.getChunk(id, at).catch(unlessInvalid)));
    for (const [n, i] of places.entries()) {
      const [chunk, there] = [chunks[i] as ChunkInput, found[n] ?? null];
      const bytes = there && mayBeBytes(there.content) && Buffer.isBuffer(chunk.content) ? await bridge.getContentBuffer(there.id, at) : null;
      same[i] = isStored(chunk, there, bytes ?? undefined);
    }
  }
  return same;
}

/** An id or namespace that cannot be is told when it is stored; here nothing is found by it. */
function unlessInvalid(thrown: unknown): null {
  if (['INVALID_ID', 'INVALID_ARGUMENT'].includes(failureOf(thrown).code)) return null;
  throw thrown;
}
