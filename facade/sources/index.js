"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.listedOf = listedOf;
exports.withSources = withSources;
const promises_1 = require("node:fs/promises");
const node_path_1 = require("node:path");
const call_js_1 = require("../call.js");
const errors_js_1 = require("../errors.js");
const address_js_1 = require("./address.js");
const document_js_1 = require("./document.js");
const git_js_1 = require("./git.js");
const turns_js_1 = require("./turns.js");
const TIMEOUT_MS = { git: 600_000, url: 30_000 };
const MOST_MS = 3_600_000;
/** `max_file_bytes` as the native part has it: default and most. */
const BYTES = [1 << 20, 16 << 20];
/** The sources of options; `undefined` when they list none. Read once: what is checked is what is used. */
function listedOf(options) {
    if (typeof options !== 'object' || options === null)
        return undefined;
    let copy;
    try {
        if (Array.isArray(options))
            return undefined; // throws for a revoked proxy
        copy = { ...options };
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('options', e);
    }
    const { sources, cache_dir, cacheDir, fetch_timeout_ms, fetchTimeoutMs, ...rest } = copy;
    if (sources === undefined)
        return undefined;
    const folder = either('cache_dir', cache_dir, cacheDir);
    const timeout = either('fetch_timeout_ms', fetch_timeout_ms, fetchTimeoutMs);
    if (folder !== undefined && (typeof folder !== 'string' || folder === ''))
        throw wrong('cache_dir must be the path of a folder');
    if (timeout !== undefined && !(Number.isInteger(timeout) && timeout >= 1 && timeout <= MOST_MS))
        throw wrong(`fetch_timeout_ms must be 1 to ${MOST_MS}`);
    // the native part would refuse it only when everything is fetched
    const most = either('max_file_bytes', rest['max_file_bytes'], rest['maxFileBytes']) ?? BYTES[0];
    if (!(Number.isInteger(most) && most >= 1 && most <= BYTES[1]))
        throw wrong(`max_file_bytes must be 1 to ${BYTES[1]}`);
    return { addresses: checked(sources), cache_dir: folder, timeout_ms: timeout, max_bytes: most, rest };
}
/** What a getter or a Proxy of the caller throws, or an address that no decoder reads, is the caller's error. */
function checked(sources) {
    try {
        return (0, address_js_1.addressesOf)(sources);
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('options: sources', e);
    }
}
/**
 * Fetches what was listed, one address after the other, and has it learned; a failure is told and ends nothing, and what was not fetched
 * whole is not learned: its chunks stay. No other call of this process changes the copies until `learn` has ended.
 */
async function withSources(listed, storePath, call, signal, learn) {
    const cache = (0, node_path_1.resolve)(listed.cache_dir ?? (0, node_path_1.join)(storePath, '.sources')); // hidden: a folder around the store is learned without it
    await (0, promises_1.mkdir)(cache, { recursive: true, mode: 0o700 }).catch((e) => {
        throw new errors_js_1.FluoriteError('IO', `the folder of fetched copies ${JSON.stringify(cache)} cannot be made: name another one with cache_dir`, e);
    });
    const copies = listed.addresses.map((address) => ({ address, folder: (0, node_path_1.join)(cache, address.key) }));
    const end = await (0, turns_js_1.turns)(copies.map(({ folder }) => folder), signal);
    try {
        const [reports, folders] = [[], new Map()];
        const fetched = (0, call_js_1.meter)(call, 'fetching', copies.length);
        for (const { address, folder } of copies) {
            call.check();
            const report = await one(address, folder, listed, signal);
            if (signal?.aborted)
                throw (0, call_js_1.aborted)(signal);
            reports.push(report);
            if (report.state !== 'failed' || (await (address.kind === 'git' ? git_js_1.revisionOf : document_js_1.documentOf)(folder)) !== undefined)
                folders.set(folder, address.shown);
            fetched(1);
        }
        return await learn({ reports, folders });
    }
    finally {
        end();
    }
}
async function one(address, folder, { timeout_ms, max_bytes }, signal) {
    const limit = AbortSignal.timeout(timeout_ms ?? TIMEOUT_MS[address.kind]);
    const both = signal ? AbortSignal.any([signal, limit]) : limit;
    try {
        const { changed, revision } = await (address.kind === 'git' ? (0, git_js_1.fetchRepository)(address, folder, both) : (0, document_js_1.fetchDocument)(address, folder, max_bytes, both));
        return { address: address.shown, state: changed ? 'fetched' : 'unchanged', revision, error: null };
    }
    catch (e) {
        return { address: address.shown, state: 'failed', revision: null, error: limit.aborted ? `it took longer than ${timeout_ms ?? TIMEOUT_MS[address.kind]} ms (fetch_timeout_ms)` : reason(e) };
    }
}
/** `fetch` itself only says that it failed; its cause says why. */
function reason(e) {
    const { message, cause } = e;
    return cause?.code === undefined && cause?.message === undefined ? message : `${message}: ${String(cause.message || cause.code)}`;
}
function either(name, snake, camel) {
    if (snake !== undefined && camel !== undefined)
        throw wrong(`${name} is given in both spellings`);
    return snake ?? camel ?? undefined;
}
function wrong(why) {
    return new errors_js_1.FluoriteError('INVALID_ARGUMENT', `options: ${why}`);
}
