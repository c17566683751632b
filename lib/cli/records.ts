import { isDeepStrictEqual } from 'node:util';

import type { Chunk, ChunkInput } from '../facade/types/index.js';

/** A record of an export: what `storeChunk` takes. Bytes that are not UTF-8 stand in `content_base64` instead of `content`. */
export type Exported = Record<string, unknown> & { id: string };

/** Fields of a stored chunk that `storeChunk` does not take: they say what was, and are left out when a record is read. */
const PAST = ['created_at', 'updated_at', 'accessed_at', 'usage_count', 'version', 'content_hash'] as const;

/** A chunk as a record. `bytes` are its content where the text is not all of it. */
export function toRecord(chunk: Chunk, bytes: Buffer | undefined): Exported {
  const { content, ...rest } = chunk;
  return bytes === undefined ? { ...rest, content } : { ...rest, content_base64: bytes.toString('base64') };
}

/** A record as what is stored, `expired` when its time is over, or what is wrong with it. */
export function fromRecord(record: Record<string, unknown>, now: number): { chunk: ChunkInput } | { expired: true } | { fault: string } {
  const { content_base64, expires_at, ...chunk } = record;
  for (const key of PAST) delete chunk[key];
  for (const key of ['language', 'source']) if (chunk[key] === null) delete chunk[key];
  if (content_base64 !== undefined) {
    if (typeof content_base64 !== 'string' || chunk['content'] !== undefined) return { fault: 'content_base64 must be a text, and stand without content' };
    chunk['content'] = Buffer.from(content_base64, 'base64');
  }
  if (typeof chunk['content'] !== 'string' && !Buffer.isBuffer(chunk['content'])) return { fault: 'content is missing or no text' };
  if (typeof expires_at === 'string') {
    const left = (Date.parse(expires_at) - now) / 1000;
    if (Number.isNaN(left)) return { fault: 'expires_at is no time' };
    if (left <= 0) return { expired: true };
    chunk['ttl_seconds'] = Math.ceil(left);
  }
  return { chunk: chunk as unknown as ChunkInput };
}

/** Is it stored already, with this content and with every field that is given? */
export function isStored(given: ChunkInput, stored: Chunk | null, bytes: Buffer | undefined): boolean {
  if (stored === null) return false;
  const { content, ttl_seconds, ttlSeconds, ...fields } = given as Record<string, unknown>;
  const same = bytes === undefined ? stored.content === content : Buffer.isBuffer(content) && bytes.equals(content);
  if (!same || (ttl_seconds ?? ttlSeconds) !== undefined !== (stored.expires_at !== null)) return false;
  const kept = stored as unknown as Record<string, unknown>;
  return Object.entries(fields).every(([key, value]) => {
    const known = kept[key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)];
    // scores are stored in single precision
    return typeof value === 'number' && typeof known === 'number' ? Math.fround(value) === Math.fround(known) : isDeepStrictEqual(value, known);
  });
}

/** Does the text stand for other bytes? Only what is not UTF-8 leaves a U+FFFD behind. */
export function mayBeBytes(text: string): boolean {
  return text.includes('\ufffd');
}
