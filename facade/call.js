"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.hooksOf = hooksOf;
exports.aborted = aborted;
exports.cancellable = cancellable;
exports.long = long;
exports.listen = listen;
exports.unlisten = unlisten;
exports.meter = meter;
const errors_js_1 = require("./errors.js");
/** Reads the parts of options that are functions; all else is the native part's to judge. */
function hooksOf(options) {
    if (typeof options !== 'object' || options === null)
        return { signal: undefined, on_progress: undefined };
    let signal, on_progress;
    try {
        const o = options;
        signal = o.signal ?? undefined;
        on_progress = o.on_progress ?? o.onProgress ?? undefined;
        if (signal !== undefined && (typeof signal.aborted !== 'boolean' || typeof signal.addEventListener !== 'function')) {
            throw new Error('signal must be an AbortSignal');
        }
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('options', e);
    }
    if (on_progress !== undefined && typeof on_progress !== 'function') {
        throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', 'options: on_progress must be a function');
    }
    if (signal?.aborted)
        throw aborted(signal);
    return { signal, on_progress };
}
/** The error of an aborted call; its cause is the signal's reason. */
function aborted(signal) {
    return new errors_js_1.FluoriteError('ABORTED', 'the call was aborted', signal.reason);
}
let calls = 0;
const QUIET = { number: 0, report: undefined, check: () => undefined };
/**
 * Runs a call that can be stopped, by its signal or by a progress function that throws: then it rejects with what that
 * threw as `cause`.
 */
async function cancellable(native, { signal, on_progress }, work) {
    if (!signal && !on_progress)
        return work(QUIET);
    const number = ++calls;
    const stop = () => native.cancel(number);
    let thrown;
    const report = (phase, done, total, rate, seconds_left) => {
        if (thrown)
            return;
        try {
            on_progress?.({ phase, done, total, rate, seconds_left });
        }
        catch (error) {
            thrown = { error };
            stop();
        }
    };
    const check = () => {
        if (thrown)
            throw new errors_js_1.FluoriteError('ABORTED', 'on_progress threw, which stopped the call', thrown.error);
        if (signal?.aborted)
            throw aborted(signal);
    };
    listen(signal, stop);
    try {
        const result = await work({ number, report: on_progress && report, check });
        if (thrown)
            check();
        return result;
    }
    catch (e) {
        if (thrown || e?.code === 'ABORTED')
            check();
        throw e;
    }
    finally {
        unlisten(signal, stop);
    }
}
/** Runs a call that can be stopped, and reads the JSON it answers with. */
async function long(native, options, work) {
    return JSON.parse(await cancellable(native, hooksOf(options), work));
}
/** Has an abort told; a signal of the caller's own making may throw. */
function listen(signal, stop) {
    try {
        signal?.addEventListener('abort', stop, { once: true });
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('options: signal', e);
    }
}
/** Stops listening, and never fails: the call is over. */
function unlisten(signal, stop) {
    try {
        signal?.removeEventListener('abort', stop);
    }
    catch {
        // the caller's own signal
    }
}
/** Counts what is done and reports it with the time it took. */
function meter({ report }, phase, total) {
    if (!report)
        return () => undefined;
    const started = performance.now();
    let done = 0;
    return (more) => {
        done += more;
        const rate = done / Math.max((performance.now() - started) / 1000, 1e-6);
        report(phase, done, total, rate, total === null ? null : (total - done) / Math.max(rate, 1e-6));
    };
}
