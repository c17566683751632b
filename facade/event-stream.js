"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.EventStream = void 0;
const call_js_1 = require("./call.js");
const errors_js_1 = require("./errors.js");
const events_js_1 = require("./events.js");
const steps_js_1 = require("./steps.js");
/** Events one after the other, from a queue of its own. It listens from its construction on, not from the first `next`. */
class EventStream {
    #native;
    #ended;
    #abort = () => void this.return();
    #signal;
    /** Its number in the native part, while it listens. */
    #number;
    /** No more will happen: it ends when the queue is empty. */
    #closing = false;
    /** Taken from the queue; read up to `#at`. */
    #taken = [];
    #at = 0;
    #steps = new steps_js_1.Steps({ take: () => this.#take(), over: () => this.#number === undefined, pause: () => this.#pause() });
    /** `ended` is told when nothing more will come. Wrong options reject the first `next`. */
    constructor(native, options, ended) {
        this.#native = native;
        this.#ended = ended;
        try {
            this.#signal = (0, call_js_1.hooksOf)(options).signal;
            (0, events_js_1.checkTypes)(options);
            (0, call_js_1.listen)(this.#signal, this.#abort);
            this.#number = native.listen(options, () => this.#steps.wake());
        }
        catch (e) {
            const failure = (0, errors_js_1.fluoriteError)(e);
            (0, call_js_1.unlisten)(this.#signal, this.#abort);
            if (failure.code !== 'ABORTED')
                this.#steps.fail(failure); // aborted before: it has ended
        }
    }
    get listens() {
        return this.#number !== undefined;
    }
    next() {
        return this.#steps.next();
    }
    #take() {
        if (this.#at >= this.#taken.length && this.#taken.length < events_js_1.BATCH && this.#number !== undefined) {
            this.#taken = (0, events_js_1.take)(this.#native, this.#number);
            this.#at = 0;
            if (this.#taken.length === 0 && this.#closing)
                this.#stop();
        }
        return this.#taken[this.#at++];
    }
    /** A flood must not keep the loop from everything else: after a full batch it has its turn. */
    #pause() {
        if (this.#taken.length < events_js_1.BATCH || this.#number === undefined)
            return undefined;
        this.#taken = [];
        return new Promise((turn) => setImmediate(turn));
    }
    /** Ends the iteration; what was not read is dropped. */
    async return() {
        this.#taken = [];
        this.#stop();
        return { value: undefined, done: true };
    }
    /** The store is closed: what happened until now can still be read. */
    close() {
        if (this.#number === undefined)
            return;
        this.#closing = true;
        this.#native.listenTo(this.#number, { types: [] });
        this.#ended(this);
        this.#steps.wake();
    }
    #stop() {
        (0, call_js_1.unlisten)(this.#signal, this.#abort);
        if (this.#number !== undefined)
            this.#native.endListening(this.#number);
        this.#number = undefined;
        this.#ended(this);
        this.#steps.wake();
    }
    [Symbol.asyncIterator]() {
        return this;
    }
}
exports.EventStream = EventStream;
