"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.FluoriteError = void 0;
exports.isFluoriteError = isFluoriteError;
exports.fluoriteError = fluoriteError;
exports.inputError = inputError;
exports.guard = guard;
/** What every call of the bridge rejects with, and importing the package throws when there is no addon for the platform. */
class FluoriteError extends Error {
    /** Which kind of failure; stable across releases. */
    code;
    /**
     * An error of this package; applications that answer for it make their own too.
     *
     * @param code - kind of failure.
     * @param message - what happened and what to do.
     * @param cause - what led to it, when there is something.
     */
    constructor(code, message, cause) {
        super(textOf(message), cause === undefined ? undefined : { cause });
        this.code = code;
    }
}
exports.FluoriteError = FluoriteError;
Object.defineProperty(FluoriteError.prototype, 'name', { value: 'FluoriteError', configurable: true, writable: true });
/** Is it an error of this package? True also for errors of another copy of it, or of another thread's realm. */
function isFluoriteError(value) {
    try {
        const e = value;
        return typeof value === 'object' && e !== null && e.name === 'FluoriteError' && typeof e.code === 'string';
    }
    catch {
        return false; // a Proxy with a trap, a getter that throws
    }
}
/** As many characters of a foreign message as ours repeat. */
const LONGEST = 2_000;
const NO_TEXT = 'an exception without a message';
/** The text of anything, also of what has none. */
function textOf(value) {
    try {
        return typeof value === 'string' ? value : String(value);
    }
    catch {
        return NO_TEXT;
    }
}
/** The message of anything that was thrown. */
function messageOf(thrown) {
    let text;
    try {
        text = textOf(thrown instanceof Error ? thrown.message : thrown);
    }
    catch {
        text = NO_TEXT; // a Proxy that was thrown
    }
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
/** An error of the native part with its code; anything else is a defect here. */
function fluoriteError(thrown) {
    if (thrown instanceof FluoriteError)
        return thrown;
    const code = thrown instanceof Error ? thrown.code : undefined;
    if (typeof code === 'string' && /^[A-Z_]+$/.test(code) && !code.startsWith('ERR_')) {
        return new FluoriteError(code, messageOf(thrown));
    }
    return new FluoriteError('INTERNAL', messageOf(thrown), thrown);
}
/** What the caller's own code threw while we read its input. */
function inputError(what, thrown) {
    return thrown instanceof FluoriteError ? thrown : new FluoriteError('INVALID_ARGUMENT', `${what}: ${messageOf(thrown)}`, thrown);
}
/** Runs `work`; whatever goes wrong, also synchronously, is a rejection with a FluoriteError. */
async function guard(work) {
    try {
        return await work();
    }
    catch (e) {
        throw fluoriteError(e);
    }
}
