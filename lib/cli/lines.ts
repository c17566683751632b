import { FluoriteError } from '../facade/errors.js';

/** Longest line that is read; a chunk of the largest size, escaped, is shorter. */
export const MAX_LINE = 256 << 20;

/** A line of an input. */
export interface Line {
  /** From 1. */
  number: number;
  /** Its text, or why it cannot be read. */
  text: string | undefined;
  fault: string | undefined;
}

/**
 * The lines of a stream that are not blank, one in memory at a time. A line that is too long or not UTF-8 is reported as such and
 * the next one read.
 */
export async function* linesOf(input: AsyncIterable<Buffer | string>, signal: AbortSignal, most = MAX_LINE): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let parts: Buffer[] = [];
  let size = 0;
  let number = 0;
  const end = (): Line | undefined => {
    number++;
    const [bytes, length] = [Buffer.concat(parts), size];
    [parts, size] = [[], 0];
    if (length > most) return { number, text: undefined, fault: `longer than ${most} bytes` };
    try {
      const text = decoder.decode(bytes);
      return text.trim() === '' ? undefined : { number, text, fault: undefined };
    } catch {
      return { number, text: undefined, fault: 'not UTF-8' };
    }
  };
  const take = (part: Buffer): void => {
    size += part.length;
    if (size > most) parts = []; // told at the end of the line
    else if (part.length > 0) parts.push(part);
  };
  for await (const some of abortable(input, signal)) {
    const block = typeof some === 'string' ? Buffer.from(some) : some;
    let from = 0;
    for (let at; (at = block.indexOf(10, from)) >= 0; from = at + 1) {
      take(block.subarray(from, at));
      const line = end();
      if (line) yield line;
    }
    take(block.subarray(from));
  }
  if (size > 0) {
    const line = end();
    if (line) yield line;
  }
}

/** The stream until the user wants an end: a pipe that stays open must not hold an interrupted command. */
async function* abortable<T>(input: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = input[Symbol.asyncIterator]();
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, fail) => {
    stop = () => fail(new FluoriteError('ABORTED', 'interrupted'));
  });
  stopped.catch(() => undefined); // nobody may be waiting
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      if (signal.aborted) throw new FluoriteError('ABORTED', 'interrupted');
      const next = await Promise.race([iterator.next(), stopped]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    (input as { destroy?: () => void }).destroy?.();
  }
}

/** The lines of a stream as JSON objects; what is none comes with the reason. */
export async function* objectsOf(
  input: AsyncIterable<Buffer | string>,
  signal: AbortSignal,
): AsyncGenerator<{ line: number; value: Record<string, unknown> | undefined; fault: string | undefined }> {
  for await (const { number, text, fault } of linesOf(input, signal)) {
    if (text === undefined) yield { line: number, value: undefined, fault };
    else yield { line: number, ...objectOf(text) };
  }
}

/** A text as a JSON object, or why it is none. */
export function objectOf(text: string): { value: Record<string, unknown>; fault: undefined } | { value: undefined; fault: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value: value as Record<string, unknown>, fault: undefined };
    return { value: undefined, fault: 'not a JSON object' };
  } catch (e) {
    return { value: undefined, fault: `not JSON: ${(e as Error).message}` };
  }
}
