import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { Address } from './address.js';
import { replaced } from './replaced.js';

const MOST_REDIRECTS = 5;
const LONGEST_NAME = 100;
/** Extensions by content type, for addresses whose own says nothing. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'text/markdown': '.md', 'text/x-markdown': '.md', 'text/html': '.html', 'application/xhtml+xml': '.html', 'text/plain': '.txt', 'application/json': '.json',
  'application/yaml': '.yaml', 'application/x-yaml': '.yaml', 'text/yaml': '.yaml', 'text/x-yaml': '.yaml', 'application/toml': '.toml', 'text/x-toml': '.toml',
  'application/xml': '.xml', 'text/xml': '.xml', 'text/css': '.css', 'text/javascript': '.js', 'application/javascript': '.js', 'application/typescript': '.ts', 'text/x-python': '.py',
};
/** Types whose extension is that of the address, when it has one. */
const OF_ADDRESS = new Set(['text/plain', 'application/octet-stream', '']);

/** What is known of the copy. */
interface Known {
  address: string;
  file: string;
  etag: string | null;
  last_modified: string | null;
}

/** Brings the copy of a document up to date; asks only for what has changed since. */
export async function fetchDocument({ address }: Address, folder: string, most: number, signal: AbortSignal): Promise<{ changed: boolean; revision: string | null }> {
  const about = `${folder}.json`;
  const known = await documentOf(folder);
  if (known) await alone(folder, known.file);
  const headers: Record<string, string> = { accept: 'text/markdown, text/plain, text/html;q=0.9, application/json;q=0.9, */*;q=0.5' };
  if (known?.etag) headers['if-none-match'] = known.etag;
  else if (known?.last_modified) headers['if-modified-since'] = known.last_modified;
  const response = await answer(new URL(address), headers, signal);
  if (response.status === 304 && known) return { changed: false, revision: known.etag ?? known.last_modified };
  if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`.trimEnd());
  const [type, charset] = contentType(response.headers.get('content-type') ?? '');
  const file = fileName(new URL(address), type);
  const text = decoded(await body(response, most), charset);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const before = known && (await readFile(join(folder, known.file), 'utf8').catch(() => undefined));
  await replaced(join(folder, file), text);
  const now: Known = { address, file, etag: response.headers.get('etag'), last_modified: response.headers.get('last-modified') };
  await replaced(about, JSON.stringify(now)); // after the copy: without it everything is fetched anew
  await alone(folder, file); // after both: there is a whole copy at any time
  return { changed: before !== text || known?.file !== file, revision: now.etag ?? now.last_modified };
}

/** What is known of a copy that is whole. */
export async function documentOf(folder: string): Promise<Known | undefined> {
  try {
    const known = JSON.parse(await readFile(`${folder}.json`, 'utf8')) as Known;
    return basename(known.file) === known.file && existsSync(join(folder, known.file)) ? known : undefined;
  } catch {
    return undefined;
  }
}

/** Takes away what was there beside the copy: its earlier name, or what a kill left. */
async function alone(folder: string, file: string): Promise<void> {
  for (const name of await readdir(folder)) if (name !== file) await rm(join(folder, name), { recursive: true, force: true });
}

/** Follows redirects within the origin that was listed (host and port), and from http to https where both have their own port: what lies elsewhere was not listed. */
async function answer(from: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  let url = from;
  for (let n = 0; n <= MOST_REDIRECTS; n++) {
    const response = await fetch(url.href, { headers, signal, redirect: 'manual', credentials: 'omit' });
    const to = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || response.status === 304 || to === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(to, url.href) ? new URL(to, url) : undefined;
    if (!next || !(next.origin === from.origin || isUpgrade(from, next))) throw new Error(`it redirects to ${to.slice(0, 200)}: list that address if it is what you mean`);
    url = next;
  }
  throw new Error(`it redirects more than ${MOST_REDIRECTS} times`);
}

function isUpgrade(from: URL, to: URL): boolean {
  return from.protocol === 'http:' && to.protocol === 'https:' && from.hostname === to.hostname && from.port === '' && to.port === '';
}

function contentType(header: string): [type: string, charset: string] {
  const [type = '', ...rest] = header.toLowerCase().split(';').map((part) => part.trim());
  const charset = rest.find((part) => part.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '') ?? 'utf-8';
  return [type, charset];
}

/** The name of the copy, by which it is known how to cut it. */
function fileName({ pathname }: URL, type: string): string {
  const last = decode(pathname.split('/').filter(Boolean).at(-1) ?? '').replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '').slice(-LONGEST_NAME);
  const own = /\.[A-Za-z][A-Za-z0-9]{0,9}$/.exec(last)?.[0];
  if (OF_ADDRESS.has(type)) return own ? last : `${last || 'index'}.txt`;
  const extension = EXTENSIONS[type] ?? (type.endsWith('+json') ? '.json' : type.endsWith('+xml') ? '.xml' : undefined);
  if (extension === undefined && !type.startsWith('text/')) throw new Error(`its content type ${type} is no text`);
  if (extension === undefined) return own ? last : `${last || 'index'}.txt`;
  return own?.toLowerCase() === extension ? last : `${last || 'index'}${extension}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function body(response: Response, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length; // behind decompression
    if (size > most) throw new Error(`it has more than ${most} bytes (max_file_bytes)`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function decoded(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`it is no text in ${charset}`);
  }
}
