"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Steps = void 0;
/** Answers the `next` of such an iterator: one after the other, in the order they were asked, each when there is something or nothing more will come. */
class Steps {
    #source;
    #failure;
    #wake;
    /** The last `next`: the one after it waits for it. */
    #last = Promise.resolve();
    constructor(source) {
        this.#source = source;
    }
    /** The `next` of the iterator. */
    next() {
        const step = () => this.#step();
        const result = this.#last.then(step, step);
        this.#last = result;
        return result;
    }
    /** Something has come, or the end. */
    wake() {
        this.#wake?.();
    }
    /** The `next` that finds nothing any more rejects with this, once. */
    fail(failure) {
        this.#failure = failure;
    }
    async #step() {
        for (;;) {
            const value = this.#source.take();
            if (value !== undefined)
                return { value, done: false };
            const paused = this.#source.pause?.();
            if (paused) {
                await paused;
            }
            else if (this.#source.over()) {
                const failure = this.#failure;
                this.#failure = undefined;
                if (failure !== undefined)
                    throw failure;
                return { value: undefined, done: true };
            }
            else {
                await new Promise((woken) => (this.#wake = woken));
            }
        }
    }
}
exports.Steps = Steps;
