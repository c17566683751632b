import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';

import { FluoriteError } from '../facade/errors.js';
import { fileError, UsageError } from './errors.js';

/** Largest file that is stored or cut as a whole; the engine's own limits are below it. */
const MAX_FILE = 64 << 20;

/** Standard input, unless a terminal is behind it. */
export function stdin(): Readable {
  if (process.stdin.isTTY) throw new UsageError('there is nothing to read: name a file, or pipe something in');
  return process.stdin;
}

/** What is known of an input before it is read; throws when there is none. */
export function look(path: string): { size: number | null } {
  if (path === '-') return stdin() && { size: null };
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    return { size: found.isFile() ? found.size : null };
  } catch (e) {
    throw fileError('read', path, e);
  }
}

/** A file as a stream; `-` is standard input. Pipes and devices are taken too: the user named them. */
export function open(path: string): { stream: Readable; size: number | null } {
  const { size } = look(path);
  return { stream: path === '-' ? stdin() : createReadStream(path), size };
}

/** All bytes of an input. */
export async function bytesOf(path: string, signal: AbortSignal): Promise<Buffer> {
  const { stream } = open(path);
  const parts: Buffer[] = [];
  let size = 0;
  const stop = (): void => void stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size > MAX_FILE) throw new FluoriteError('CHUNK_TOO_LARGE', `${path} has more than ${MAX_FILE} bytes: store it in parts`);
    }
  } catch (e) {
    if (e instanceof FluoriteError || signal.aborted) throw e;
    throw fileError('read', path, e);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (signal.aborted) throw new FluoriteError('ABORTED', 'interrupted');
  return Buffer.concat(parts);
}
