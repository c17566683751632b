"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.EmbedderQueue = void 0;
exports.partConfig = partConfig;
const errors_js_1 = require("./errors.js");
/** Texts of one call of the embedder, at most. */
const BATCH = 64;
/** Calls of the embedder on their way, at most. */
const AT_ONCE = 4;
/** Milliseconds after which a call of the embedder has failed, when it names none. */
const LIMIT_MS = 30_000;
/** Takes `ml.embedder` out of a configuration: functions are not data. All else is the native part's to judge. */
function partConfig(config) {
    try {
        const ml = typeof config === 'object' && config !== null && 'ml' in config ? config.ml : undefined;
        if (typeof ml !== 'object' || ml === null || !('embedder' in ml))
            return { config, embedder: undefined };
        const { embedder, ...rest } = ml;
        return { config: { ...config, ml: rest }, embedder: embedder === undefined ? undefined : checked(embedder, rest) };
    }
    catch (e) {
        throw e instanceof errors_js_1.FluoriteError ? e : new errors_js_1.FluoriteError('INVALID_CONFIG', (0, errors_js_1.inputError)('config', e).message, e);
    }
}
function checked(embedder, ml) {
    const refuse = (message) => {
        throw new errors_js_1.FluoriteError('INVALID_CONFIG', `ml.embedder${message}`);
    };
    if (typeof embedder !== 'object' || embedder === null)
        return refuse(' must be an object with model_id, dimensions and embed');
    const { model_id, dimensions, embed, timeout_ms = LIMIT_MS } = embedder;
    if (typeof model_id !== 'string')
        return refuse('.model_id must be text: name the model and its version, the store keeps it');
    if (typeof dimensions !== 'number')
        return refuse('.dimensions must be a number');
    if (typeof embed !== 'function')
        return refuse('.embed must be a function');
    if (typeof timeout_ms !== 'number' || !(timeout_ms >= 1 && timeout_ms <= 3_600_000))
        return refuse('.timeout_ms must be 1 to 3,600,000');
    if ('embedding_model' in ml || 'embeddingModel' in ml)
        return refuse(' and ml.embedding_model name two models: give one');
    // read once: what a getter says later is not what was opened
    return { model_id, dimensions, timeout_ms, embed: (texts, options) => embed.call(embedder, texts, options) };
}
/** Gathers the engine's texts to batches for an embedder and answers each. */
class EmbedderQueue {
    #native;
    #embedder;
    #waiting = [];
    #calls = 0;
    #planned = false;
    constructor(native, embedder) {
        this.#native = native;
        this.#embedder = embedder;
    }
    /** A text of the engine. Does not throw. */
    ask = (key, text) => {
        this.#waiting.push({ key, text });
        if (this.#planned || this.#calls >= AT_ONCE)
            return;
        this.#planned = true;
        // what else the engine asks in this turn goes along
        setImmediate(() => {
            this.#planned = false;
            this.#pump();
        });
    };
    #pump() {
        while (this.#waiting.length > 0 && this.#calls < AT_ONCE) {
            this.#calls += 1;
            const batch = this.#waiting.splice(0, BATCH);
            void this.#embed(batch).finally(() => {
                this.#calls -= 1;
                this.#pump();
            });
        }
    }
    async #embed(batch) {
        const abort = new AbortController();
        let timer;
        const late = new Promise((_, reject) => {
            const limit = this.#embedder.timeout_ms ?? LIMIT_MS;
            const give_up = () => {
                // which of its promises the caller's code waits for cannot be seen from here
                const why = `it did not answer within ${limit} ms (timeout_ms); an embed that awaits a call of its own bridge, shutdown too, waits for itself`;
                reject(new Error(why));
                abort.abort();
                // what waits would wait as long again, and every write behind it
                for (const { key } of this.#waiting.splice(0))
                    this.#native.embedded(key, `ml.embedder failed: ${why}`);
            };
            timer = setTimeout(give_up, limit).unref(); // a call in flight keeps the process alive, not this
        });
        try {
            const asked = Promise.resolve(this.#embedder.embed(batch.map((b) => b.text), { signal: abort.signal }));
            const vectors = await Promise.race([asked, late]);
            if (!Array.isArray(vectors) || vectors.length !== batch.length)
                throw new Error(`it must give a list of ${batch.length} vectors, one a text`);
            batch.forEach(({ key }, i) => {
                const vector = vectors[i];
                this.#native.embedded(key, vector instanceof Float32Array ? vector : 'ml.embedder gave no Float32Array');
            });
        }
        catch (e) {
            const why = (0, errors_js_1.inputError)('ml.embedder failed', e).message;
            for (const { key } of batch)
                this.#native.embedded(key, why);
        }
        finally {
            clearTimeout(timer);
        }
    }
}
exports.EmbedderQueue = EmbedderQueue;
