import { createReadStream, createWriteStream, realpathSync, renameSync, rmSync, statSync, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { resolve } from 'node:path';

import { FluoriteError, type ErrorCode } from './errors.js';

const REASONS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['NOT_FOUND', 'there is no such file or folder; check the path'],
  EACCES: ['IO', 'permission denied; change its mode or run as its owner'],
  EPERM: ['IO', 'not permitted; change its mode or run as its owner'],
  EISDIR: ['INVALID_ARGUMENT', 'it is a folder; name a file'],
  EEXIST: ['INVALID_ARGUMENT', 'it exists already; name another file or remove it'],
  EROFS: ['IO', 'the file system is read-only; choose another place'],
  ENOSPC: ['NO_SPACE', 'the disk is full; free some space'],
  ENAMETOOLONG: ['INVALID_ARGUMENT', 'the name is too long'],
};

/** An error of the operating system as one with a stable code. */
export function fileError(action: string, path: string, thrown: unknown): FluoriteError {
  const { code: errno, message } = thrown as NodeJS.ErrnoException;
  const [code, reason] = REASONS[errno ?? ''] ?? (['IO', message] as const);
  return new FluoriteError(code, `cannot ${action} ${JSON.stringify(shown(path))}: ${reason}`, thrown);
}

/** What messages show of a path. */
function shown(path: string): string {
  return path.length > 500 ? `${path.slice(0, 500)}…` : path;
}

/** The path of a file, or the error that says it is none. */
export function filePath(path: string, name: string): string {
  if (path === '' || /[\0\p{Surrogate}]/u.test(path)) throw new FluoriteError('INVALID_ARGUMENT', `${name} must be the path of a file`);
  return resolve(path);
}

/** A file as blocks of bytes. */
export function readFile(path: string): AsyncIterable<Buffer> {
  try {
    if (statSync(path).isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  } catch (e) {
    throw fileError('read', path, e);
  }
  const stream = createReadStream(path, { highWaterMark: 1 << 17 });
  return (async function* () {
    try {
      for await (const block of stream) yield block as Buffer;
    } catch (e) {
      throw fileError('read', path, e);
    }
  })();
}

/**
 * Writes a file from blocks, beside it first: what stands there is kept until the new one is complete and on disk. A link keeps
 * pointing; what is no regular file (a pipe, a device) is written into, never replaced.
 */
export async function writeFile(path: string, source: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    if (there && !there.isFile()) {
      await fill(createWriteStream(path, { flags: 'r+' }), source);
      return;
    }
    const target = there ? realpathSync(path) : path;
    const part = `${target}.${process.pid}.part`;
    try {
      await fill(createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }), source);
      renameSync(part, target);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(part, { force: true });
      throw e;
    }
  } catch (e) {
    throw typeof (e as NodeJS.ErrnoException).syscall === 'string' || (e as NodeJS.ErrnoException).code === 'EISDIR' ? fileError('write', path, e) : e;
  }
}

/** Writes the blocks into a stream and closes it. */
async function fill(stream: WriteStream, source: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await once(stream, 'open');
    const failed = once(stream, 'error').then(([e]) => { throw e as Error; });
    failed.catch(() => undefined);
    for await (const block of source) {
      if (!stream.write(block)) await Promise.race([once(stream, 'drain'), failed]);
    }
    stream.end();
    await Promise.race([once(stream, 'close'), failed]);
  } catch (e) {
    stream.destroy();
    throw e;
  }
}
