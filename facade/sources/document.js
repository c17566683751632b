"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.fetchDocument = fetchDocument;
exports.documentOf = documentOf;
const node_fs_1 = require("node:fs");
const promises_1 = require("node:fs/promises");
const node_path_1 = require("node:path");
const replaced_js_1 = require("./replaced.js");
const MOST_REDIRECTS = 5;
const LONGEST_NAME = 100;
/** Extensions by content type, for addresses whose own says nothing. */
const EXTENSIONS = {
    'text/markdown': '.md', 'text/x-markdown': '.md', 'text/html': '.html', 'application/xhtml+xml': '.html', 'text/plain': '.txt', 'application/json': '.json',
    'application/yaml': '.yaml', 'application/x-yaml': '.yaml', 'text/yaml': '.yaml', 'text/x-yaml': '.yaml', 'application/toml': '.toml', 'text/x-toml': '.toml',
    'application/xml': '.xml', 'text/xml': '.xml', 'text/css': '.css', 'text/javascript': '.js', 'application/javascript': '.js', 'application/typescript': '.ts', 'text/x-python': '.py',
};
/** Types whose extension is that of the address, when it has one. */
const OF_ADDRESS = new Set(['text/plain', 'application/octet-stream', '']);
/** Brings the copy of a document up to date; asks only for what has changed since. */
async function fetchDocument({ address }, folder, most, signal) {
    const about = `${folder}.json`;
    const known = await documentOf(folder);
    if (known)
        await alone(folder, known.file);
    const headers = { accept: 'text/markdown, text/plain, text/html;q=0.9, application/json;q=0.9, */*;q=0.5' };
    if (known?.etag)
        headers['if-none-match'] = known.etag;
    else if (known?.last_modified)
        headers['if-modified-since'] = known.last_modified;
    const response = await answer(new URL(address), headers, signal);
    if (response.status === 304 && known)
        return { changed: false, revision: known.etag ?? known.last_modified };
    if (!response.ok)
        throw new Error(`the server answers ${response.status} ${response.statusText}`.trimEnd());
    const [type, charset] = contentType(response.headers.get('content-type') ?? '');
    const file = fileName(new URL(address), type);
    const text = decoded(await body(response, most), charset);
    await (0, promises_1.mkdir)(folder, { recursive: true, mode: 0o700 });
    const before = known && (await (0, promises_1.readFile)((0, node_path_1.join)(folder, known.file), 'utf8').catch(() => undefined));
    await (0, replaced_js_1.replaced)((0, node_path_1.join)(folder, file), text);
    const now = { address, file, etag: response.headers.get('etag'), last_modified: response.headers.get('last-modified') };
    await (0, replaced_js_1.replaced)(about, JSON.stringify(now)); // after the copy: without it everything is fetched anew
    await alone(folder, file); // after both: there is a whole copy at any time
    return { changed: before !== text || known?.file !== file, revision: now.etag ?? now.last_modified };
}
/** What is known of a copy that is whole. */
async function documentOf(folder) {
    try {
        const known = JSON.parse(await (0, promises_1.readFile)(`${folder}.json`, 'utf8'));
        return (0, node_path_1.basename)(known.file) === known.file && (0, node_fs_1.existsSync)((0, node_path_1.join)(folder, known.file)) ? known : undefined;
    }
    catch {
        return undefined;
    }
}
/** Takes away what was there beside the copy: its earlier name, or what a kill left. */
async function alone(folder, file) {
    for (const name of await (0, promises_1.readdir)(folder))
        if (name !== file)
            await (0, promises_1.rm)((0, node_path_1.join)(folder, name), { recursive: true, force: true });
}
/** Follows redirects within the origin that was listed (host and port), and from http to https where both have their own port: what lies elsewhere was not listed. */
async function answer(from, headers, signal) {
    let url = from;
    for (let n = 0; n <= MOST_REDIRECTS; n++) {
        const response = await fetch(url.href, { headers, signal, redirect: 'manual', credentials: 'omit' });
        const to = response.headers.get('location');
        if (response.status < 300 || response.status > 399 || response.status === 304 || to === null)
            return response;
        await response.body?.cancel();
        const next = URL.canParse(to, url.href) ? new URL(to, url) : undefined;
        if (!next || !(next.origin === from.origin || isUpgrade(from, next)))
            throw new Error(`it redirects to ${to.slice(0, 200)}: list that address if it is what you mean`);
        url = next;
    }
    throw new Error(`it redirects more than ${MOST_REDIRECTS} times`);
}
function isUpgrade(from, to) {
    return from.protocol === 'http:' && to.protocol === 'https:' && from.hostname === to.hostname && from.port === '' && to.port === '';
}
function contentType(header) {
    const [type = '', ...rest] = header.toLowerCase().split(';').map((part) => part.trim());
    const charset = rest.find((part) => part.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '') ?? 'utf-8';
    return [type, charset];
}
/** The name of the copy, by which it is known how to cut it. */
function fileName({ pathname }, type) {
    const last = decode(pathname.split('/').filter(Boolean).at(-1) ?? '').replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '').slice(-LONGEST_NAME);
    const own = /\.[A-Za-z][A-Za-z0-9]{0,9}$/.exec(last)?.[0];
    if (OF_ADDRESS.has(type))
        return own ? last : `${last || 'index'}.txt`;
    const extension = EXTENSIONS[type] ?? (type.endsWith('+json') ? '.json' : type.endsWith('+xml') ? '.xml' : undefined);
    if (extension === undefined && !type.startsWith('text/'))
        throw new Error(`its content type ${type} is no text`);
    if (extension === undefined)
        return own ? last : `${last || 'index'}.txt`;
    return own?.toLowerCase() === extension ? last : `${last || 'index'}${extension}`;
}
function decode(text) {
    try {
        return decodeURIComponent(text);
    }
    catch {
        return text;
    }
}
async function body(response, most) {
    const chunks = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
        size += chunk.length; // behind decompression
        if (size > most)
            throw new Error(`it has more than ${most} bytes (max_file_bytes)`);
        chunks.push(chunk);
    }
    return Buffer.concat(chunks);
}
function decoded(bytes, charset) {
    try {
        return new TextDecoder(charset, { fatal: true }).decode(bytes);
    }
    catch {
        throw new Error(`it is no text in ${charset}`);
    }
}
