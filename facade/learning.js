"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.learnFiles = learnFiles;
const call_js_1 = require("./call.js");
const errors_js_1 = require("./errors.js");
const index_js_1 = require("./sources/index.js");
/** Learns files and folders, and the copies of listed sources, which are fetched first. */
async function learnFiles(native, paths, options) {
    const listed = (0, index_js_1.listedOf)(options);
    if (!listed)
        return (0, call_js_1.long)(native, options, (call) => native.learnFiles(paths, options, call.report, call.number));
    if (!Array.isArray(paths))
        throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', 'paths must be a list, which may be empty with sources');
    const hooks = (0, call_js_1.hooksOf)(listed.rest);
    await native.store([], undefined, 0, 0); // refused where nothing may be written: nothing is fetched for that
    return (0, call_js_1.cancellable)(native, hooks, (call) => (0, index_js_1.withSources)(listed, native.storePath(), call, hooks.signal, async ({ reports, folders }) => {
        const all = [...paths, ...folders.keys()];
        if (all.length === 0 && reports.length > 0)
            throw new errors_js_1.FluoriteError('IO', `nothing could be fetched: ${reports[0]?.address}: ${reports[0]?.error}`);
        const told = { ...listed.rest, folder_names: Object.fromEntries(folders) };
        const report = JSON.parse(await native.learnFiles(all, told, call.report, call.number));
        return { ...report, sources: reports };
    }));
}
