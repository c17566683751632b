"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.embedOne = embedOne;
exports.embedAll = embedAll;
const call_js_1 = require("./call.js");
const slices_js_1 = require("./slices.js");
/** Embeds one text. */
async function embedOne(native, text, options) {
    const vectors = await (0, call_js_1.cancellable)(native, (0, call_js_1.hooksOf)(options), (call) => native.embed([text], options, call.number));
    return vectors[0];
}
/** Embeds texts slice by slice, in their order. */
function embedAll(native, texts, options) {
    const hooks = (0, call_js_1.hooksOf)(options);
    return (0, call_js_1.cancellable)(native, hooks, async (call) => {
        const [source, total] = (0, slices_js_1.slicesOf)(texts, 'texts', hooks.signal);
        const embedded = (0, call_js_1.meter)(call, 'embed', total);
        const vectors = [];
        const send = async (slice, offset) => {
            call.check();
            const some = await native.embed(slice, options, call.number);
            for (let i = 0; i < some.length; i++)
                vectors[offset + i] = some[i];
            embedded(slice.length);
        };
        await (total === 0 ? send([], 0) : (0, slices_js_1.sendAll)(source, send));
        return vectors;
    });
}
