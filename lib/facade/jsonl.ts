import type { Writable } from 'node:stream';

import type { NativeBridge } from '../native.js';
import { blocksOf, streamOf, type Block } from './blocks.js';
import { cancellable, hooksOf, meter, type Call } from './call.js';
import { damageOf, type TellDamage } from './damage.js';
import { FluoriteError, inputError } from './errors.js';
import { filePath, readFile, writeFile } from './files.js';
import { sendAll } from './slices.js';
import { sourceOf } from './source.js';
import type { ExportReport, ImportReport } from './types/index.js';

/** Most bad lines of a report. */
const MOST_BAD = 1_000;

/** Writes chunks as JSON lines into a file, which appears when it is complete, or a stream, which is not ended. */
export function exportLines(native: NativeBridge, target: unknown, options: unknown): Promise<ExportReport> {
  return cancellable(native, hooksOf(options), async (call) => {
    const report: ExportReport = { chunks: 0, vectors: 0, bytes: 0, damaged: 0 };
    const tell = damageOf(options);
    const read = (cursor: unknown): ReturnType<Read> => native.exportPage(options, cursor, tell !== undefined);
    if (typeof target === 'string') {
      const path = filePath(target, 'target');
      const [first, total] = [await read(undefined), await totalOf(native, call, options)];
      await writeFile(path, pages(read, call, tell, report, first, total));
      return report;
    }
    const stream = writableOf(target);
    const [first, total] = [await read(undefined), await totalOf(native, call, options)];
    for await (const page of pages(read, call, tell, report, first, total)) await write(stream, page);
    return report;
  });
}

type Page = Awaited<ReturnType<NativeBridge['exportPage']>>;
type Read = (cursor: unknown) => ReturnType<NativeBridge['exportPage']>;

async function* pages(read: Read, call: Call, tell: TellDamage, report: ExportReport, first: Page, total: number | null): AsyncGenerator<Buffer> {
  const written = meter(call, 'export', total);
  for (let page = first; ; page = await read(page[3])) {
    const [lines, chunks, vectors, next, damaged] = page;
    call.check();
    tell?.(damaged);
    report.damaged += damaged.length;
    if (chunks > 0) yield lines;
    report.chunks += chunks;
    report.vectors += vectors;
    report.bytes += lines.length;
    written(chunks);
    call.check();
    if (next === undefined) return;
  }
}

/** How many lines there will be; known without a filter, and asked only when somebody wants to be told. */
async function totalOf(native: NativeBridge, call: Call, options: unknown): Promise<number | null> {
  const filter = (options as { filter?: unknown } | null | undefined)?.filter;
  if (!call.report || (filter !== undefined && filter !== null)) return null;
  return (JSON.parse(await native.stats()) as { chunks: number }).chunks;
}

function writableOf(target: unknown): Writable {
  try {
    if (typeof target === 'object' && target !== null && typeof (target as Writable).write === 'function' && typeof (target as Writable).once === 'function') return target as Writable;
  } catch (e) {
    throw inputError('target', e);
  }
  throw new FluoriteError('INVALID_ARGUMENT', 'target must be the path of a file, or a writable stream');
}

/** Waits when the reader is slow, rejects when it is gone. */
function write(stream: Writable, block: Uint8Array): Promise<void> {
  return new Promise((done, fail) => {
    const failed = (e: Error | null | undefined): void => (e ? fail(new FluoriteError('IO', `the stream cannot be written to: ${e.message}`, e)) : done());
    if (stream.write(block, failed)) done();
  });
}

/** Stores the lines of a file or a stream, several blocks at a time, in the order of the lines. */
export function importLines(native: NativeBridge, source: unknown, options: unknown): Promise<ImportReport> {
  const hooks = hooksOf(options);
  return cancellable(native, hooks, async (call) => {
    // no lines: the options are judged, and whether this store may be written, before anything is opened
    const report: ImportReport = JSON.parse(await native.importLines(Buffer.alloc(0), 1, options, call.number)) as ImportReport;
    const stream = typeof source === 'string' ? readFile(filePath(source, 'source')) : streamOf(source);
    const read = meter(call, 'import', null);
    const merge = (part: ImportReport): void => {
      for (const key of ['lines', 'stored', 'unchanged', 'expired', 'failed', 'vectors', 'vectors_dropped'] as const) report[key] += part[key];
      report.bad.push(...part.bad);
      if (report.bad.length > 2 * MOST_BAD) trim(report);
    };
    const tooLong = (line: number, reason: string): void => {
      if ((options as { on_error?: unknown; onError?: unknown } | undefined)?.on_error === 'abort' || (options as { onError?: unknown } | undefined)?.onError === 'abort') throw new FluoriteError('INVALID_ARGUMENT', `line ${line}: ${reason}`);
      merge({ ...report, lines: 1, stored: 0, unchanged: 0, expired: 0, failed: 1, vectors: 0, vectors_dropped: 0, bad: [{ line, reason }] });
    };
    const blocks = async function* (): AsyncGenerator<Block[]> {
      for await (const block of blocksOf(sourceOf(stream, 'source', hooks.signal), tooLong)) yield [block];
    };
    await sendAll(blocks(), async ([block]) => {
      call.check();
      const { lines, first } = block as Block;
      const part = JSON.parse(await native.importLines(lines, first, options, call.number)) as ImportReport;
      merge(part);
      read(part.lines);
    });
    trim(report);
    return report;
  });
}

/** The first bad lines, in order. */
function trim(report: ImportReport): void {
  report.bad.sort((a, b) => a.line - b.line);
  report.bad.length = Math.min(report.bad.length, MOST_BAD);
}
