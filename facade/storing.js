"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.storeAll = storeAll;
const call_js_1 = require("./call.js");
const slices_js_1 = require("./slices.js");
/** Stores chunks slice by slice, or all of them as one batch; the places of the result are those of the input. */
function storeAll(native, chunks, options) {
    const hooks = (0, call_js_1.hooksOf)(options);
    const atomic = (0, slices_js_1.isAtomic)(options);
    return (0, call_js_1.cancellable)(native, hooks, async (call) => {
        const [source, total] = (0, slices_js_1.slicesOf)(chunks, 'chunks', hooks.signal);
        const stored = (0, call_js_1.meter)(call, 'store', total);
        const result = { ids: [], stored: 0, failed: [] };
        const send = async (slice, offset) => {
            call.check();
            const [ids, count, failed, split] = await native.store(slice, options, offset, call.number);
            for (let i = 0; i < ids.length; i++)
                result.ids[offset + i] = ids[i];
            result.stored += count;
            if (failed !== undefined)
                result.failed.push(...JSON.parse(failed));
            if (split !== undefined)
                (result.split ??= []).push(...JSON.parse(split));
            stored(slice.length);
        };
        if (atomic)
            await send(await (0, slices_js_1.gather)(source), 0);
        else if (total === 0)
            await send([], 0); // options are checked all the same
        else
            await (0, slices_js_1.sendAll)(source, send);
        result.failed.sort((a, b) => a.index - b.index);
        result.split?.sort((a, b) => a.index - b.index);
        return result;
    });
}
