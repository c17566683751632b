"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.sourceOf = sourceOf;
const call_js_1 = require("./call.js");
const errors_js_1 = require("./errors.js");
/** The items of a source. One that throws, or is no source, is the caller's error; an abort does not wait for it. */
async function* sourceOf(items, what, signal) {
    let iterator;
    try {
        const source = items;
        const make = typeof items === 'object' && source ? (source[Symbol.asyncIterator] ?? source[Symbol.iterator]) : undefined;
        if (typeof make !== 'function')
            throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', `${what} must be an array or an async iterable`);
        iterator = make.call(source);
    }
    catch (e) {
        throw (0, errors_js_1.inputError)(what, e);
    }
    let stop;
    const stopped = new Promise((_, reject) => {
        stop = () => reject((0, call_js_1.aborted)(signal));
    });
    stopped.catch(() => undefined); // it may be settled with nobody waiting
    (0, call_js_1.listen)(signal, stop);
    let ended = false;
    try {
        for (;;) {
            let next;
            try {
                next = await Promise.race([iterator.next(), stopped]);
                if (next.done)
                    ended = true;
            }
            catch (e) {
                ended = !signal?.aborted; // a source that threw is at its end
                throw (0, errors_js_1.inputError)(`${what} could not be read`, e);
            }
            if (next.done)
                return;
            yield next.value;
        }
    }
    finally {
        (0, call_js_1.unlisten)(signal, stop);
        // Not awaited: a source that hangs in next() would hang here as well.
        if (!ended)
            Promise.resolve(iterator.return?.()).catch(() => undefined);
    }
}
