import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { aborted, meter, type Call } from '../call.js';
import { FluoriteError, inputError } from '../errors.js';
import type { SourceReport } from '../types/index.js';
import { addressesOf, type Address } from './address.js';
import { documentOf, fetchDocument } from './document.js';
import { fetchRepository, revisionOf } from './git.js';
import { turns } from './turns.js';

const TIMEOUT_MS = { git: 600_000, url: 30_000 };
const MOST_MS = 3_600_000;
/** `max_file_bytes` as the native part has it: default and most. */
const BYTES = [1 << 20, 16 << 20] as const;

/** What is to be fetched, and the options without it. */
export interface Listed {
  addresses: Address[];
  cache_dir: string | undefined;
  timeout_ms: number | undefined;
  max_bytes: number;
  rest: Record<string, unknown>;
}

/** The sources of options; `undefined` when they list none. Read once: what is checked is what is used. */
export function listedOf(options: unknown): Listed | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  let copy: Record<string, unknown>;
  try {
    if (Array.isArray(options)) return undefined; // throws for a revoked proxy
    copy = { ...(options as Record<string, unknown>) };
  } catch (e) {
    throw inputError('options', e);
  }
  const { sources, cache_dir, cacheDir, fetch_timeout_ms, fetchTimeoutMs, ...rest } = copy;
  if (sources === undefined) return undefined;
  const folder = either('cache_dir', cache_dir, cacheDir);
  const timeout = either('fetch_timeout_ms', fetch_timeout_ms, fetchTimeoutMs);
  if (folder !== undefined && (typeof folder !== 'string' || folder === '')) throw wrong('cache_dir must be the path of a folder');
  if (timeout !== undefined && !(Number.isInteger(timeout) && (timeout as number) >= 1 && (timeout as number) <= MOST_MS)) throw wrong(`fetch_timeout_ms must be 1 to ${MOST_MS}`);
  // the native part would refuse it only when everything is fetched
  const most = either('max_file_bytes', rest['max_file_bytes'], rest['maxFileBytes']) ?? BYTES[0];
  if (!(Number.isInteger(most) && (most as number) >= 1 && (most as number) <= BYTES[1])) throw wrong(`max_file_bytes must be 1 to ${BYTES[1]}`);
  return { addresses: checked(sources), cache_dir: folder as string | undefined, timeout_ms: timeout as number | undefined, max_bytes: most as number, rest };
}

/** What a getter or a Proxy of the caller throws, or an address that no decoder reads, is the caller's error. */
function checked(sources: unknown): Address[] {
  try {
    return addressesOf(sources);
  } catch (e) {
    throw inputError('options: sources', e);
  }
}

/** What became of the addresses, and the folders of the whole copies by address. */
export interface Fetched {
  reports: SourceReport[];
  folders: Map<string, string>;
}

/**
 * Fetches what was listed, one address after the other, and has it learned; a failure is told and ends nothing, and what was not fetched
 * whole is not learned: its chunks stay. No other call of this process changes the copies until `learn` has ended.
 */
export async function withSources<T>(listed: Listed, storePath: string, call: Call, signal: AbortSignal | undefined, learn: (fetched: Fetched) => Promise<T>): Promise<T> {
  const cache = resolve(listed.cache_dir ?? join(storePath, '.sources')); // hidden: a folder around the store is learned without it
  await mkdir(cache, { recursive: true, mode: 0o700 }).catch((e: unknown) => {
    throw new FluoriteError('IO', `the folder of fetched copies ${JSON.stringify(cache)} cannot be made: name another one with cache_dir`, e);
  });
  const copies = listed.addresses.map((address) => ({ address, folder: join(cache, address.key) }));
  const end = await turns(copies.map(({ folder }) => folder), signal);
  try {
    const [reports, folders]: [SourceReport[], Map<string, string>] = [[], new Map()];
    const fetched = meter(call, 'fetching', copies.length);
    for (const { address, folder } of copies) {
      call.check();
      const report = await one(address, folder, listed, signal);
      if (signal?.aborted) throw aborted(signal);
      reports.push(report);
      if (report.state !== 'failed' || (await (address.kind === 'git' ? revisionOf : documentOf)(folder)) !== undefined) folders.set(folder, address.shown);
      fetched(1);
    }
    return await learn({ reports, folders });
  } finally {
    end();
  }
}

async function one(address: Address, folder: string, { timeout_ms, max_bytes }: Listed, signal: AbortSignal | undefined): Promise<SourceReport> {
  const limit = AbortSignal.timeout(timeout_ms ?? TIMEOUT_MS[address.kind]);
  const both = signal ? AbortSignal.any([signal, limit]) : limit;
  try {
    const { changed, revision } = await (address.kind === 'git' ? fetchRepository(address, folder, both) : fetchDocument(address, folder, max_bytes, both));
    return { address: address.shown, state: changed ? 'fetched' : 'unchanged', revision, error: null };
  } catch (e) {
    return { address: address.shown, state: 'failed', revision: null, error: limit.aborted ? `it took longer than ${timeout_ms ?? TIMEOUT_MS[address.kind]} ms (fetch_timeout_ms)` : reason(e) };
  }
}

/** `fetch` itself only says that it failed; its cause says why. */
function reason(e: unknown): string {
  const { message, cause } = e as Error & { cause?: { code?: unknown; message?: unknown } };
  return cause?.code === undefined && cause?.message === undefined ? message : `${message}: ${String(cause.message || cause.code)}`;
}

function either(name: string, snake: unknown, camel: unknown): unknown {
  if (snake !== undefined && camel !== undefined) throw wrong(`${name} is given in both spellings`);
  return snake ?? camel ?? undefined;
}

function wrong(why: string): FluoriteError {
  return new FluoriteError('INVALID_ARGUMENT', `options: ${why}`);
}
