"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.WatchStream = void 0;
const call_js_1 = require("./call.js");
const errors_js_1 = require("./errors.js");
const steps_js_1 = require("./steps.js");
/** Kept for a slow reader; the oldest are dropped beyond it. */
const MOST = 1_024;
/** What a watch tells, one after the other. It watches from its construction on, not from the first `next`, and until its end. */
class WatchStream {
    #stop = new AbortController();
    /** Settled when nothing of the watch runs any more. */
    ended;
    #told = [];
    #over = false;
    #steps = new steps_js_1.Steps({ take: () => this.#told.shift(), over: () => this.#over });
    /** Wrong options, and a watch that cannot begin, reject the first `next`. */
    constructor(native, options) {
        this.ended = this.#run(native, options).then(() => undefined, (e) => {
            const failure = (0, errors_js_1.fluoriteError)(e);
            if (failure.code !== 'ABORTED')
                this.#steps.fail(failure); // an end that was asked for
        }).finally(() => {
            this.#over = true;
            this.#steps.wake();
        });
    }
    async #run(native, options) {
        const { signal } = (0, call_js_1.hooksOf)(options);
        const both = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
        const tell = (text) => {
            if (both.aborted)
                return;
            this.#keep({ type: 'LearningProgress', ...JSON.parse(text), missed: 0 });
            this.#steps.wake();
        };
        const drop = () => {
            this.#told = [];
            this.#steps.wake();
        };
        both.addEventListener('abort', drop, { once: true });
        try {
            await (0, call_js_1.cancellable)(native, { signal: both, on_progress: undefined }, (call) => native.watch(options, tell, call.number));
        }
        finally {
            both.removeEventListener('abort', drop);
        }
    }
    #keep(progress) {
        const told = this.#told;
        const last = told.at(-1);
        // a slow reader is not told how far a run was, but how far it is
        if (last && passing(last) && passing(progress))
            progress.missed = told.pop()?.missed ?? 0;
        told.push(progress);
        if (told.length <= MOST)
            return;
        const oldest = told[0]?.phase === 'watching' ? 1 : 0; // told once: who waits for it must get it
        const [dropped] = told.splice(oldest, 1);
        const next = told[oldest];
        if (dropped && next)
            next.missed += dropped.missed + 1;
    }
    next() {
        return this.#steps.next();
    }
    /** Ends the watch; resolves when nothing of it runs any more. What was not read is dropped. */
    async return() {
        this.#stop.abort();
        await this.ended;
        return { value: undefined, done: true };
    }
    [Symbol.asyncIterator]() {
        return this;
    }
}
exports.WatchStream = WatchStream;
function passing(p) {
    return p.path !== null && p.report === null && p.error === null;
}
