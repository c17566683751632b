"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Life = void 0;
const embedder_js_1 = require("./embedder.js");
const errors_js_1 = require("./errors.js");
const event_stream_js_1 = require("./event-stream.js");
const exit_js_1 = require("./exit.js");
const native_js_1 = require("./native.js");
const watch_stream_js_1 = require("./watch-stream.js");
/** The life of a bridge: opened once, closed once, and what has to end with it. */
class Life {
    #native;
    #emitter;
    #streams = new Set();
    #watches = new Set();
    #opening;
    #closing;
    /** @param emitter - tells listeners from the open on. */
    constructor(native, emitter) {
        this.#native = native;
        this.#emitter = emitter;
    }
    /** Opens; after a failure it can be called again. */
    async open(config) {
        if (this.#closing)
            throw new errors_js_1.FluoriteError('CLOSED', 'this bridge was shut down: open the store with another (FluoriteBridge.open)');
        const { config: data, embedder } = (0, embedder_js_1.partConfig)(config);
        const queue = embedder && new embedder_js_1.EmbedderQueue(this.#native, embedder);
        const opening = this.#native.initialize(data, native_js_1.ROOT, native_js_1.runtimeDir, embedder?.model_id, embedder?.dimensions, queue?.ask);
        (0, exit_js_1.atExit)(this.#native);
        this.#opening = opening;
        try {
            await opening;
            this.#emitter.connect();
        }
        catch (e) {
            (0, exit_js_1.notAtExit)(this.#native);
            throw e;
        }
    }
    /** Events until the end. */
    events(options) {
        const stream = new event_stream_js_1.EventStream(this.#native, options, (ended) => this.#streams.delete(ended));
        if (stream.listens)
            this.#streams.add(stream);
        return stream;
    }
    /** A watch, which ends with the bridge. */
    watch(options) {
        const stream = new watch_stream_js_1.WatchStream(this.#native, options);
        this.#watches.add(stream);
        void stream.ended.then(() => this.#watches.delete(stream));
        return stream;
    }
    /** Closes when everything under way has ended; every call waits for the same end. */
    close() {
        return (this.#closing ??= (0, errors_js_1.guard)(() => this.#close()));
    }
    async #close() {
        await this.#opening?.catch(() => undefined);
        const watched = [...this.#watches].map((stream) => stream.return());
        try {
            await this.#native.shutdown();
            await Promise.all(watched);
        }
        finally {
            (0, exit_js_1.notAtExit)(this.#native);
            for (const stream of this.#streams)
                stream.close();
            await this.#emitter.close();
        }
    }
}
exports.Life = Life;
