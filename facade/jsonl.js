"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.exportLines = exportLines;
exports.importLines = importLines;
const blocks_js_1 = require("./blocks.js");
const call_js_1 = require("./call.js");
const damage_js_1 = require("./damage.js");
const errors_js_1 = require("./errors.js");
const files_js_1 = require("./files.js");
const slices_js_1 = require("./slices.js");
const source_js_1 = require("./source.js");
/** Most bad lines of a report. */
const MOST_BAD = 1_000;
/** Writes chunks as JSON lines into a file, which appears when it is complete, or a stream, which is not ended. */
function exportLines(native, target, options) {
    return (0, call_js_1.cancellable)(native, (0, call_js_1.hooksOf)(options), async (call) => {
        const report = { chunks: 0, vectors: 0, bytes: 0, damaged: 0 };
        const tell = (0, damage_js_1.damageOf)(options);
        const read = (cursor) => native.exportPage(options, cursor, tell !== undefined);
        if (typeof target === 'string') {
            const path = (0, files_js_1.filePath)(target, 'target');
            const [first, total] = [await read(undefined), await totalOf(native, call, options)];
            await (0, files_js_1.writeFile)(path, pages(read, call, tell, report, first, total));
            return report;
        }
        const stream = writableOf(target);
        const [first, total] = [await read(undefined), await totalOf(native, call, options)];
        for await (const page of pages(read, call, tell, report, first, total))
            await write(stream, page);
        return report;
    });
}
async function* pages(read, call, tell, report, first, total) {
    const written = (0, call_js_1.meter)(call, 'export', total);
    for (let page = first;; page = await read(page[3])) {
        const [lines, chunks, vectors, next, damaged] = page;
        call.check();
        tell?.(damaged);
        report.damaged += damaged.length;
        if (chunks > 0)
            yield lines;
        report.chunks += chunks;
        report.vectors += vectors;
        report.bytes += lines.length;
        written(chunks);
        call.check();
        if (next === undefined)
            return;
    }
}
/** How many lines there will be; known without a filter, and asked only when somebody wants to be told. */
async function totalOf(native, call, options) {
    const filter = options?.filter;
    if (!call.report || (filter !== undefined && filter !== null))
        return null;
    return JSON.parse(await native.stats()).chunks;
}
function writableOf(target) {
    try {
        if (typeof target === 'object' && target !== null && typeof target.write === 'function' && typeof target.once === 'function')
            return target;
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('target', e);
    }
    throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', 'target must be the path of a file, or a writable stream');
}
/** Waits when the reader is slow, rejects when it is gone. */
function write(stream, block) {
    return new Promise((done, fail) => {
        const failed = (e) => (e ? fail(new errors_js_1.FluoriteError('IO', `the stream cannot be written to: ${e.message}`, e)) : done());
        if (stream.write(block, failed))
            done();
    });
}
/** Stores the lines of a file or a stream, several blocks at a time, in the order of the lines. */
function importLines(native, source, options) {
    const hooks = (0, call_js_1.hooksOf)(options);
    return (0, call_js_1.cancellable)(native, hooks, async (call) => {
        // no lines: the options are judged, and whether this store may be written, before anything is opened
        const report = JSON.parse(await native.importLines(Buffer.alloc(0), 1, options, call.number));
        const stream = typeof source === 'string' ? (0, files_js_1.readFile)((0, files_js_1.filePath)(source, 'source')) : (0, blocks_js_1.streamOf)(source);
        const read = (0, call_js_1.meter)(call, 'import', null);
        const merge = (part) => {
            for (const key of ['lines', 'stored', 'unchanged', 'expired', 'failed', 'vectors', 'vectors_dropped'])
                report[key] += part[key];
            report.bad.push(...part.bad);
            if (report.bad.length > 2 * MOST_BAD)
                trim(report);
        };
        const tooLong = (line, reason) => {
            if (options?.on_error === 'abort' || options?.onError === 'abort')
                throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', `line ${line}: ${reason}`);
            merge({ ...report, lines: 1, stored: 0, unchanged: 0, expired: 0, failed: 1, vectors: 0, vectors_dropped: 0, bad: [{ line, reason }] });
        };
        const blocks = async function* () {
            for await (const block of (0, blocks_js_1.blocksOf)((0, source_js_1.sourceOf)(stream, 'source', hooks.signal), tooLong))
                yield [block];
        };
        await (0, slices_js_1.sendAll)(blocks(), async ([block]) => {
            call.check();
            const { lines, first } = block;
            const part = JSON.parse(await native.importLines(lines, first, options, call.number));
            merge(part);
            read(part.lines);
        });
        trim(report);
        return report;
    });
}
/** The first bad lines, in order. */
function trim(report) {
    report.bad.sort((a, b) => a.line - b.line);
    report.bad.length = Math.min(report.bad.length, MOST_BAD);
}
