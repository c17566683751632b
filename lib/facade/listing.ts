import type { NativeBridge } from '../native.js';
import { hooksOf } from './call.js';
import { damageOf } from './damage.js';
import { fluoriteError } from './errors.js';
import { toChunk, type Tuple } from './records.js';
import type { Chunk } from './types/index.js';

/** Chunks page by page. */
export async function* listAll(native: NativeBridge, options: unknown): AsyncGenerator<Chunk, void, undefined> {
  try {
    let cursor: unknown;
    const tell = damageOf(options);
    do {
      hooksOf(options); // an aborted signal ends the listing before the next page
      const [records, next, damaged]: [Tuple[], unknown, string[]] = await native.list(options, cursor, tell !== undefined);
      tell?.(damaged);
      for (const record of records) yield toChunk(record);
      cursor = next;
    } while (cursor !== undefined);
  } catch (e) {
    throw fluoriteError(e);
  }
}
