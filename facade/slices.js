"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.slicesOf = slicesOf;
exports.isAtomic = isAtomic;
exports.gather = gather;
exports.sendAll = sendAll;
const errors_js_1 = require("./errors.js");
const source_js_1 = require("./source.js");
/** Most items of a slice: converting arguments must not hold the event loop. */
const SLICE_ITEMS = 64;
/** Arrays up to this length are copied when the call is made; a longer one may be a trap of empty places. */
const COPIED = 1_000_000;
/** About as many bytes as a slice may have. */
const SLICE_BYTES = 256 * 1024;
/** Most chunks of an `atomic` call. */
const ATOMIC_LIMIT = 10_000;
/** Slices on their way at once, so that one group commit serves several. */
const IN_FLIGHT = 32;
/** Estimated bytes of an item. Looks at `content` alone; hostile items count nothing, the native part refuses them. */
function weight(item) {
    try {
        const content = typeof item === 'string' ? item : item?.content;
        return typeof content === 'string' ? content.length : (content?.byteLength ?? 0);
    }
    catch {
        return 0;
    }
}
/** The items as slices. A source that throws, or is no source, is the caller's error; an abort does not wait for it. */
async function* slices(items, what, signal) {
    let slice = [];
    let bytes = 0;
    for await (const item of (0, source_js_1.sourceOf)(items, what, signal)) {
        slice.push(item);
        bytes += weight(item);
        if (slice.length >= SLICE_ITEMS || bytes >= SLICE_BYTES) {
            yield slice;
            slice = [];
            bytes = 0;
        }
    }
    if (slice.length > 0)
        yield slice;
}
/** Slices of an array: no promise per item. */
function* arraySlices(items, what) {
    for (let from = 0; from < items.length;) {
        let to = from;
        let slice;
        try {
            for (let bytes = 0; to < items.length && to - from < SLICE_ITEMS && bytes < SLICE_BYTES; to++)
                bytes += weight(items[to]);
            slice = items.slice(from, to);
        }
        catch (e) {
            throw (0, errors_js_1.inputError)(what, e); // a Proxy of an array
        }
        yield slice;
        from = to;
    }
}
/** The slices of an array or of any other source, and how many items there are when that is known. */
function slicesOf(items, what, signal) {
    try {
        // As it is now: what the caller does to its array later is not our business. Both may throw: of a revoked Proxy, and of one with a trap.
        return Array.isArray(items) ? [arraySlices(items.length <= COPIED ? items.slice() : items, what), items.length] : [slices(items, what, signal), null];
    }
    catch (e) {
        throw (0, errors_js_1.inputError)(what, e);
    }
}
/** Is it one batch? Any other value is the native part's to judge. */
function isAtomic(options) {
    try {
        return options?.atomic === true;
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('options: atomic', e);
    }
}
/** All items of an `atomic` call; the native part refuses more than its limit, so no more is read. */
async function gather(source) {
    const all = [];
    for await (const slice of source) {
        all.push(...slice);
        if (all.length > ATOMIC_LIMIT)
            break;
    }
    return all;
}
/** The next turn of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Repeats what the engine has no room for yet: a bulk load waits where a single call is told `BUSY`. */
async function patiently(send) {
    for (;;) {
        try {
            return await send();
        }
        catch (e) {
            if (e?.code !== 'BUSY')
                throw e;
            await new Promise((resolve) => setTimeout(resolve, 2));
        }
    }
}
/** Sends slices, several at once; after the first failure no more. Resolves when all sent ones are settled. */
async function sendAll(source, send) {
    const flying = new Set();
    let failure;
    let offset = 0;
    try {
        for await (const slice of source) {
            const at = offset;
            if (at > 0)
                await turn(); // one slice a turn: settled slices would follow each other within one
            const sent = patiently(() => send(slice, at))
                .catch((error) => {
                failure ??= { error };
            })
                .finally(() => flying.delete(sent));
            flying.add(sent);
            offset += slice.length;
            if (flying.size >= IN_FLIGHT)
                await Promise.race(flying);
            if (failure)
                break;
        }
    }
    catch (e) {
        failure ??= { error: e }; // the source's
    }
    await Promise.all(flying);
    if (failure)
        throw failure.error;
}
