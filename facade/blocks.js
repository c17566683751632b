"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.blocksOf = blocksOf;
exports.streamOf = streamOf;
const errors_js_1 = require("./errors.js");
/** Bytes of a block, unless a line is longer: at most 10,000 lines, which is what the native part takes at once. */
const BLOCK = 1 << 17;
/** Lines of a block, when no more came at once: a pipe that pauses is not waited for. */
const LINES = 64;
/** Longest line that is read; a chunk of the largest size, escaped and with its vector, is shorter. */
const MAX_LINE = 256 << 20;
/** A stream of bytes or text as blocks of whole lines. A line that is too long is told and the next one read. */
async function* blocksOf(source, tooLong, most = MAX_LINE) {
    let parts = []; // of the line that is not at its end, and of lines before it
    let size = 0;
    let whole = 0; // bytes of them up to the last line end
    let first = 1; // number of the first line in `parts`
    let lines = 0; // line ends in `parts`
    let skipping = false;
    const take = () => {
        const bytes = Buffer.concat(parts, size);
        const block = { lines: bytes.subarray(0, whole), first };
        const rest = bytes.subarray(whole);
        [parts, size, whole, first, lines] = [rest.length > 0 ? [rest] : [], rest.length, 0, first + lines, 0];
        return block;
    };
    for await (const some of source) {
        let rest = bytesOf(some);
        while (rest.length > 0) {
            if (skipping) {
                const end = rest.indexOf(10);
                if (end < 0)
                    break;
                rest = rest.subarray(end + 1);
                skipping = false;
                first++;
                continue;
            }
            const piece = rest.subarray(0, BLOCK);
            rest = rest.subarray(piece.length);
            for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) {
                lines++;
                whole = size + at + 1;
            }
            parts.push(piece);
            size += piece.length;
            if (lines >= LINES || (lines > 0 && size >= BLOCK))
                yield take();
            if (whole === 0 && size > most) {
                tooLong(first, `longer than ${most} bytes`);
                [parts, size, skipping] = [[], 0, true];
            }
        }
    }
    if (size > 0) {
        whole = size;
        yield take();
    }
}
function bytesOf(some) {
    if (typeof some === 'string') {
        if (/\p{Surrogate}/u.test(some))
            throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', 'source: a text with half of a surrogate pair; cut bytes, not text');
        return Buffer.from(some);
    }
    if (some instanceof Uint8Array) {
        if (some.buffer instanceof SharedArrayBuffer)
            throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', 'source: bytes of shared memory could change while they are read; copy them');
        return Buffer.from(attached(some.buffer), some.byteOffset, some.byteLength);
    }
    throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', 'source must be a path, or a stream of bytes or text');
}
/** The buffer, or the error that says that it was given away: it would read as empty. */
function attached(buffer) {
    try {
        new Uint8Array(buffer);
        return buffer;
    }
    catch (e) {
        throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', 'source: detached bytes; they were transferred elsewhere', e);
    }
}
/** The source as something to read, or the error that says it is none. */
function streamOf(source) {
    try {
        const stream = source;
        if (typeof stream === 'object' && stream !== null && !ArrayBuffer.isView(stream)) {
            if (typeof stream[Symbol.asyncIterator] === 'function')
                return stream;
            if (typeof stream[Symbol.iterator] === 'function') {
                return (async function* () {
                    for (const some of stream)
                        yield bytesOf(some); // a Promise in a list is none of them, and is not waited for
                })();
            }
        }
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('source', e);
    }
    throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', 'source must be the path of a file, or a stream of bytes or text');
}
