import { createHash } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';

import { FluoriteError } from '../errors.js';

/** An address that was checked. */
export interface Address {
  kind: 'git' | 'url';
  /** For the program that fetches it. */
  address: string;
  /** Without user and password: what is told and stored. */
  shown: string;
  ref: string | undefined;
  /** Name of the folder of its copy. */
  key: string;
}

const MOST = 100;
const LONGEST = 2_048;
const SCHEMES = new Set(['https:', 'ssh:', 'file:']);

/** The listed sources, checked before anything is fetched. */
export function addressesOf(sources: unknown): Address[] {
  if (!Array.isArray(sources) || sources.length > MOST) throw refused('', `must be a list of at most ${MOST} sources: { git } or { url }`);
  return Array.from(sources, (source: unknown, i) => { // also empty places
    const { git, url, ref, ...more } = (typeof source === 'object' && source !== null ? source : {}) as Record<string, unknown>;
    const where = `.${i}`;
    if (Object.keys(more).length > 0) throw refused(where, `${Object.keys(more)[0]} is not known here: git, ref or url`);
    if ((git === undefined) === (url === undefined)) throw refused(where, 'must have either git or url');
    const text = git ?? url;
    if (typeof text !== 'string' || text === '' || text.length > LONGEST || /[\0-\x20\x7f\p{Surrogate}]/u.test(text)) throw refused(where, `must be a well-formed text without blanks, at most ${LONGEST} characters`);
    if (ref !== undefined && (url !== undefined || !isRef(ref))) throw refused(where, 'ref must be the name of a branch, tag or commit of a git source');
    const [address, shown] = git === undefined ? document(text, where) : repository(text, where);
    const key = `${git === undefined ? 'url' : 'git'}-${createHash('sha256').update(`${shown}\0${String(ref ?? '')}`).digest('hex').slice(0, 16)}`;
    return { kind: git === undefined ? 'url' : 'git', address, shown: ref === undefined ? shown : `${shown}#${ref}`, ref, key };
  });
}

function document(text: string, where: string): [string, string] {
  const url = parsed(text);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw refused(where, 'url must begin with https:// or http://');
  if (url.username || url.password) throw refused(where, 'url must have no user and password in it: addresses are kept with the chunks');
  url.hash = '';
  return [url.href, url.href];
}

/** What git itself would take for something else than an address to fetch from is refused: options, remote helpers (`ext::`), other schemes. */
function repository(text: string, where: string): [string, string] {
  if (text.startsWith('-')) throw refused(where, 'git must not begin with a dash: git would take it for an option');
  if (/^[^/\\]*::/.test(text)) throw refused(where, 'git must be no remote helper (name::address)');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined) {
    const url = parsed(text);
    if (!url || !SCHEMES.has(url.protocol)) throw refused(where, `git must begin with https://, ssh:// or file://, not ${scheme}://`);
    if (url.hostname.startsWith('-') || decodeURIComponent(url.username).startsWith('-')) throw refused(where, 'host and user must not begin with a dash');
    const shown = new URL(text);
    if (shown.protocol === 'https:') shown.username = shown.password = '';
    else shown.password = '';
    return [text, shown.href];
  }
  const remote = /^(?:([\w.+-]+)@)?([\w.-]+):(?!\\)(.+)$/.exec(text);
  if (remote && !isAbsolute(text) && !text.startsWith('.')) {
    if (remote.slice(1, 4).some((part) => part?.startsWith('-'))) throw refused(where, 'user, host and path must not begin with a dash');
    return [text, text];
  }
  const folder = resolve(text);
  return [folder, folder];
}

function isRef(ref: unknown): ref is string {
  return typeof ref === 'string' && /^[\w][\w./+@-]{0,254}$/.test(ref) && !ref.includes('..') && !ref.includes('@{');
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function refused(where: string, why: string): FluoriteError {
  return new FluoriteError('INVALID_ARGUMENT', `options: sources${where}: ${why}`);
}
