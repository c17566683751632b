"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Emitter = exports.BATCH = void 0;
exports.checkTypes = checkTypes;
exports.take = take;
const errors_js_1 = require("./errors.js");
/** Events taken at a time: about a millisecond of work for listeners that do little. */
exports.BATCH = 512;
const TYPES = ['ChunkStored', 'ChunkDeleted', 'LearningProgress', 'IndexBuilt', 'Lagged'];
/** Refuses an event there is not, as the caller wrote it; what is no list of texts is the engine's to refuse. */
function checkTypes(options) {
    let wrong;
    try {
        const types = options?.types;
        // of a list that is too long to mean it the first ones: empty places may be billions
        wrong = Array.isArray(types) ? types.slice(0, 1_000).find((type) => typeof type === 'string' && !TYPES.includes(type)) : undefined;
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('options: types', e);
    }
    if (typeof wrong === 'string')
        throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', `options: types: there is no event "${wrong.slice(0, 100)}"; there are ${TYPES.join(', ')}`);
}
/** The events of a batch: chunk events come as lists, the others as JSON (src/events.rs). */
function take(native, listener) {
    return native.takeEvents(listener, exports.BATCH).map((told) => {
        if (typeof told === 'string')
            return JSON.parse(told);
        const [id, namespace, version] = told;
        return version === undefined ? { type: 'ChunkDeleted', id, namespace } : { type: 'ChunkStored', id, namespace, version };
    });
}
/** The listeners of a bridge. They share one queue of the engine, which exists while there is one. */
class Emitter {
    #native;
    #entries = new Map();
    #number;
    #scheduled = false;
    constructor(native) {
        this.#native = native;
    }
    /** Adds a listener; the same one twice is told twice. */
    add(type, listener, once) {
        if (typeof type !== 'string' || (type !== 'error' && !TYPES.includes(type))) {
            const found = typeof type === 'string' ? `"${type.slice(0, 100)}"` : typeof type;
            throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', `event must be one of ${TYPES.join(', ')}, error; not ${found}`);
        }
        if (typeof listener !== 'function')
            throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', `the listener of ${type} must be a function, not ${typeof listener}`);
        this.#entries.set(type, [...(this.#entries.get(type) ?? []), { listener: listener, once }]);
        this.connect();
    }
    /** Removes the newest entry of a listener; nothing happens when there is none. */
    remove(type, listener) {
        const entries = this.#entries.get(type) ?? [];
        const at = entries.findLastIndex((e) => e.listener === listener);
        if (at < 0)
            return;
        if (entries.length === 1)
            this.#entries.delete(type);
        else
            this.#entries.set(type, entries.toSpliced(at, 1));
        this.connect();
    }
    /** Has the engine tell what is listened to. Before the store is open and after it is closed there is nothing to tell. */
    connect() {
        const types = [...this.#entries.keys()].filter((type) => type !== 'error');
        try {
            if (types.length === 0)
                this.#end();
            else if (this.#number !== undefined)
                this.#native.listenTo(this.#number, { types });
            else if (this.#native.ready)
                this.#number = this.#native.listen({ types }, () => this.#pump());
        }
        catch (e) {
            throw (0, errors_js_1.fluoriteError)(e);
        }
    }
    /** Tells what is left, then nobody any more. */
    async close() {
        if (this.#number === undefined)
            return;
        this.#native.listenTo(this.#number, { types: [] });
        while (this.#tell())
            await new Promise((turn) => setImmediate(turn));
        this.#end();
    }
    #end() {
        if (this.#number !== undefined)
            this.#native.endListening(this.#number);
        this.#number = undefined;
    }
    /** A batch now, the next one in the next turn of the loop. */
    #pump() {
        if (this.#scheduled || !this.#tell())
            return;
        this.#scheduled = true;
        setImmediate(() => {
            this.#scheduled = false;
            this.#pump();
        });
    }
    /** True when there may be more. */
    #tell() {
        if (this.#number === undefined)
            return false;
        const events = take(this.#native, this.#number);
        for (const event of events)
            this.#emit(event);
        return events.length >= exports.BATCH;
    }
    #emit(event) {
        for (const { listener, once } of this.#entries.get(event.type) ?? []) {
            if (once)
                this.remove(event.type, listener);
            try {
                const returned = listener(event);
                if (returned instanceof Promise && this.#entries.has('error'))
                    returned.catch((thrown) => this.#failed(thrown, event));
            }
            catch (thrown) {
                this.#failed(thrown, event);
            }
        }
    }
    /** To the `error` listeners; without one, an uncaught exception, as of any event emitter. */
    #failed(thrown, event) {
        const listeners = this.#entries.get('error');
        const uncaught = (e) => process.nextTick(() => { throw e; });
        if (!listeners)
            return uncaught(thrown);
        for (const { listener, once } of listeners) {
            if (once)
                this.remove('error', listener);
            try {
                listener(thrown, event);
            }
            catch (e) {
                uncaught(e);
            }
        }
    }
}
exports.Emitter = Emitter;
