"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addressesOf = addressesOf;
const node_crypto_1 = require("node:crypto");
const node_path_1 = require("node:path");
const errors_js_1 = require("../errors.js");
const MOST = 100;
const LONGEST = 2_048;
const SCHEMES = new Set(['https:', 'ssh:', 'file:']);
/** The listed sources, checked before anything is fetched. */
function addressesOf(sources) {
    if (!Array.isArray(sources) || sources.length > MOST)
        throw refused('', `must be a list of at most ${MOST} sources: { git } or { url }`);
    return Array.from(sources, (source, i) => {
        const { git, url, ref, ...more } = (typeof source === 'object' && source !== null ? source : {});
        const where = `.${i}`;
        if (Object.keys(more).length > 0)
            throw refused(where, `${Object.keys(more)[0]} is not known here: git, ref or url`);
        if ((git === undefined) === (url === undefined))
            throw refused(where, 'must have either git or url');
        const text = git ?? url;
        if (typeof text !== 'string' || text === '' || text.length > LONGEST || /[\0-\x20\x7f\p{Surrogate}]/u.test(text))
            throw refused(where, `must be a well-formed text without blanks, at most ${LONGEST} characters`);
        if (ref !== undefined && (url !== undefined || !isRef(ref)))
            throw refused(where, 'ref must be the name of a branch, tag or commit of a git source');
        const [address, shown] = git === undefined ? document(text, where) : repository(text, where);
        const key = `${git === undefined ? 'url' : 'git'}-${(0, node_crypto_1.createHash)('sha256').update(`${shown}\0${String(ref ?? '')}`).digest('hex').slice(0, 16)}`;
        return { kind: git === undefined ? 'url' : 'git', address, shown: ref === undefined ? shown : `${shown}#${ref}`, ref, key };
    });
}
function document(text, where) {
    const url = parsed(text);
    if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
        throw refused(where, 'url must begin with https:// or http://');
    if (url.username || url.password)
        throw refused(where, 'url must have no user and password in it: addresses are kept with the chunks');
    url.hash = '';
    return [url.href, url.href];
}
/** What git itself would take for something else than an address to fetch from is refused: options, remote helpers (`ext::`), other schemes. */
function repository(text, where) {
    if (text.startsWith('-'))
        throw refused(where, 'git must not begin with a dash: git would take it for an option');
    if (/^[^/\\]*::/.test(text))
        throw refused(where, 'git must be no remote helper (name::address)');
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
    if (scheme !== undefined) {
        const url = parsed(text);
        if (!url || !SCHEMES.has(url.protocol))
            throw refused(where, `git must begin with https://, ssh:// or file://, not ${scheme}://`);
        if (url.hostname.startsWith('-') || decodeURIComponent(url.username).startsWith('-'))
            throw refused(where, 'host and user must not begin with a dash');
        const shown = new URL(text);
        if (shown.protocol === 'https:')
            shown.username = shown.password = '';
        else
            shown.password = '';
        return [text, shown.href];
    }
    const remote = /^(?:([\w.+-]+)@)?([\w.-]+):(?!\\)(.+)$/.exec(text);
    if (remote && !(0, node_path_1.isAbsolute)(text) && !text.startsWith('.')) {
        if (remote.slice(1, 4).some((part) => part?.startsWith('-')))
            throw refused(where, 'user, host and path must not begin with a dash');
        return [text, text];
    }
    const folder = (0, node_path_1.resolve)(text);
    return [folder, folder];
}
function isRef(ref) {
    return typeof ref === 'string' && /^[\w][\w./+@-]{0,254}$/.test(ref) && !ref.includes('..') && !ref.includes('@{');
}
function parsed(text) {
    return URL.canParse(text) ? new URL(text) : undefined;
}
function refused(where, why) {
    return new errors_js_1.FluoriteError('INVALID_ARGUMENT', `options: sources${where}: ${why}`);
}
