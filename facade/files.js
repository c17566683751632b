"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.fileError = fileError;
exports.filePath = filePath;
exports.readFile = readFile;
exports.writeFile = writeFile;
const node_fs_1 = require("node:fs");
const node_events_1 = require("node:events");
const node_path_1 = require("node:path");
const errors_js_1 = require("./errors.js");
const REASONS = {
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
function fileError(action, path, thrown) {
    const { code: errno, message } = thrown;
    const [code, reason] = REASONS[errno ?? ''] ?? ['IO', message];
    return new errors_js_1.FluoriteError(code, `cannot ${action} ${JSON.stringify(shown(path))}: ${reason}`, thrown);
}
/** What messages show of a path. */
function shown(path) {
    return path.length > 500 ? `${path.slice(0, 500)}…` : path;
}
/** The path of a file, or the error that says it is none. */
function filePath(path, name) {
    if (path === '' || /[\0\p{Surrogate}]/u.test(path))
        throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', `${name} must be the path of a file`);
    return (0, node_path_1.resolve)(path);
}
/** A file as blocks of bytes. */
function readFile(path) {
    try {
        if ((0, node_fs_1.statSync)(path).isDirectory())
            throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    }
    catch (e) {
        throw fileError('read', path, e);
    }
    const stream = (0, node_fs_1.createReadStream)(path, { highWaterMark: 1 << 17 });
    return (async function* () {
        try {
            for await (const block of stream)
                yield block;
        }
        catch (e) {
            throw fileError('read', path, e);
        }
    })();
}
/**
 * Writes a file from blocks, beside it first: what stands there is kept until the new one is complete and on disk. A link keeps
 * pointing; what is no regular file (a pipe, a device) is written into, never replaced.
 */
async function writeFile(path, source) {
    try {
        const there = (0, node_fs_1.statSync)(path, { throwIfNoEntry: false });
        if (there?.isDirectory())
            throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
        if (there && !there.isFile()) {
            await fill((0, node_fs_1.createWriteStream)(path, { flags: 'r+' }), source);
            return;
        }
        const target = there ? (0, node_fs_1.realpathSync)(path) : path;
        const part = `${target}.${process.pid}.part`;
        try {
            await fill((0, node_fs_1.createWriteStream)(part, { flags: 'wx', mode: 0o600, flush: true }), source);
            (0, node_fs_1.renameSync)(part, target);
        }
        catch (e) {
            if (e.code !== 'EEXIST')
                (0, node_fs_1.rmSync)(part, { force: true });
            throw e;
        }
    }
    catch (e) {
        throw typeof e.syscall === 'string' || e.code === 'EISDIR' ? fileError('write', path, e) : e;
    }
}
/** Writes the blocks into a stream and closes it. */
async function fill(stream, source) {
    try {
        await (0, node_events_1.once)(stream, 'open');
        const failed = (0, node_events_1.once)(stream, 'error').then(([e]) => { throw e; });
        failed.catch(() => undefined);
        for await (const block of source) {
            if (!stream.write(block))
                await Promise.race([(0, node_events_1.once)(stream, 'drain'), failed]);
        }
        stream.end();
        await Promise.race([(0, node_events_1.once)(stream, 'close'), failed]);
    }
    catch (e) {
        stream.destroy();
        throw e;
    }
}
