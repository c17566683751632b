"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.FluoriteBridge = exports.salvage = exports.isFluoriteError = exports.FluoriteError = void 0;
const call_js_1 = require("./facade/call.js");
const embedding_js_1 = require("./facade/embedding.js");
const errors_js_1 = require("./facade/errors.js");
const events_js_1 = require("./facade/events.js");
const jsonl_js_1 = require("./facade/jsonl.js");
const learning_js_1 = require("./facade/learning.js");
const life_js_1 = require("./facade/life.js");
const listing_js_1 = require("./facade/listing.js");
const native_js_1 = require("./facade/native.js");
const pieces_js_1 = require("./facade/pieces.js");
const records_js_1 = require("./facade/records.js");
const searching_js_1 = require("./facade/searching.js");
const storing_js_1 = require("./facade/storing.js");
var errors_js_2 = require("./facade/errors.js");
Object.defineProperty(exports, "FluoriteError", { enumerable: true, get: function () { return errors_js_2.FluoriteError; } });
Object.defineProperty(exports, "isFluoriteError", { enumerable: true, get: function () { return errors_js_2.isFluoriteError; } });
var salvage_js_1 = require("./facade/salvage.js");
Object.defineProperty(exports, "salvage", { enumerable: true, get: function () { return salvage_js_1.salvage; } });
/**
 * An embedded memory engine: stores text, embeds it, finds it again. One folder is one store; bridges of a process that open
 * the same folder share it, also across worker threads. Every method rejects with a {@link FluoriteError}; none
 * throws, but the synchronous `countTokens`, `on` and `once`. Of a bridge with `read_only` everything that writes rejects with `READ_ONLY`.
 *
 * @example
 * const bridge = await FluoriteBridge.open({ memory_path: './memory' });
 * await bridge.storeChunk({ id: 'hono', content: 'A BFF with Next.js and Hono', frameworks: ['nextjs', 'hono'] });
 * const [best] = await bridge.searchSimilar('BFF implementation', 10);
 */
class FluoriteBridge {
    #native = new native_js_1.NativeBridge();
    #emitter = new events_js_1.Emitter(this.#native);
    #life = new life_js_1.Life(this.#native, this.#emitter);
    /** A bridge that is open already. */
    static async open(config) {
        const bridge = new this();
        await bridge.initialize(config);
        return bridge;
    }
    /**
     * Opens the store, creating it when it is not there (`read_only` creates nothing). After a failure it can be called again, after `shutdown` not (`CLOSED`).
     * Codes: `INVALID_CONFIG`, `ALREADY_INITIALIZED`, `STORE_LOCKED`, `NOT_FOUND` (`read_only`, and there is no store), `CORRUPT`, `UNSUPPORTED_FORMAT`, `KEY_REQUIRED`, `KEY_WRONG`, `NOT_ENCRYPTED`, `MODEL_NOT_FOUND`, `MODEL_REJECTED`, `IO`.
     */
    initialize(config) {
        return (0, errors_js_1.guard)(() => this.#life.open(config));
    }
    /** Is the store open? */
    get ready() {
        return this.#native.ready;
    }
    /**
     * Stores a chunk, or a new version of it. When it resolves the chunk is durable and the next search finds it. With `memory.auto_split` a
     * long text is stored in pieces, all or none, in place of everything that was stored under its id; see `docs/chunking.md`.
     * Codes: `INVALID_ARGUMENT`, `INVALID_ID` (also when the id of a piece belongs to another chunk), `CHUNK_TOO_LARGE`, `DIMENSION_MISMATCH`, `EMBEDDING_FAILED`, `READ_ONLY`, `NO_SPACE`, `POISONED`, `BUSY`, `IO`, `ABORTED`.
     */
    storeChunk(chunk, options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.cancellable)(this.#native, (0, call_js_1.hooksOf)(options), (call) => this.#native.storeOne(chunk, options, call.number)));
    }
    /**
     * Stores many chunks, in slices of 64 (or 256 KB) that become durable and visible each by itself; `atomic` makes the call one batch.
     * An async iterable is read no faster than it can be stored. Codes: as {@link storeChunk}, but `BUSY`: it waits.
     */
    storeChunks(chunks, options) {
        return (0, errors_js_1.guard)(() => (0, storing_js_1.storeAll)(this.#native, chunks, options));
    }
    /**
     * Resolves when everything stored so far is durable; with `embedded` also when every waiting vector is computed or refused: a
     * text the embedder cannot take fails no flush, `health().embedder` tells of it and the next open tries it again. A `read_only`
     * bridge has nothing to flush, and computes no vectors: `READ_ONLY` with `embedded`.
     */
    flush(options) {
        return (0, errors_js_1.guard)(() => this.#native.flush(options));
    }
    /**
     * Of a `read_only` bridge: makes visible what the writing process had acknowledged before this call; true when anything has changed
     * since the last look. A bridge that writes sees its writes anyway: false.
     * Cost: some system calls when nothing has changed, else the new chunks; after a compaction or a new index file that of an open.
     * Codes: `CORRUPT`, `IO`, `NOT_FOUND` (the store was removed, or another took its place), `MODEL_REJECTED`; what was read before stays readable.
     */
    refresh() {
        return (0, errors_js_1.guard)(() => this.#native.refresh());
    }
    /** The chunk with all its fields, or `null`. A text that is stored in pieces comes whole, with the metadata it was given. */
    async getChunk(id, options) {
        try {
            // Cache hits come back as they are: awaiting them would cost more than reading them.
            const got = this.#native.get(id, options);
            const found = got instanceof Promise ? await got : got;
            return found === null ? null : (0, records_js_1.toChunk)(found);
        }
        catch (e) {
            throw (0, errors_js_1.fluoriteError)(e);
        }
    }
    /** Chunks by id, in the order given, all of one moment; `null` where there is none. As {@link getChunk}. */
    getChunks(ids, options) {
        return (0, errors_js_1.guard)(async () => (await this.#native.getMany(ids, options)).map((t) => (t === null ? null : (0, records_js_1.toChunk)(t))));
    }
    /** The content as bytes, exactly as stored, or `null`. */
    getContentBuffer(id, options) {
        return (0, errors_js_1.guard)(() => this.#native.content(id, options));
    }
    /** Deletes a chunk, with all its pieces; true when there was one. Codes: `INVALID_ID`, `READ_ONLY`, `NO_SPACE`, `POISONED`, `BUSY`, `IO`. */
    deleteChunk(id, options) {
        return (0, errors_js_1.guard)(() => this.#native.delete(id, options));
    }
    /** Deletes what matches and returns how many. An empty filter is refused without `{ all: true }`. Codes: `INVALID_ARGUMENT`, and as {@link deleteChunk}. */
    deleteWhere(filter, options) {
        return (0, errors_js_1.guard)(() => this.#native.deleteWhere(filter, options));
    }
    /**
     * All chunks, page by page; chunks stored meanwhile may or may not appear. A chunk that cannot be read ends the listing with
     * `CORRUPT`, unless there is an `on_damage`, which is told of it instead.
     */
    listChunks(options) {
        return (0, listing_js_1.listAll)(this.#native, options);
    }
    /** The kept versions of a chunk, oldest first. One that was stored in pieces comes whole, while all its pieces are kept. */
    history(id, options) {
        return (0, errors_js_1.guard)(async () => (await this.#native.history(id, options)).map(records_js_1.toVersion));
    }
    async searchSimilar(query, options) {
        try {
            const got = (0, call_js_1.cancellable)(this.#native, (0, call_js_1.hooksOf)(options), (call) => this.#native.search(query, options, call.number));
            return (0, records_js_1.toHits)(await got, (0, records_js_1.fieldsOf)(options));
        }
        catch (e) {
            throw (0, errors_js_1.fluoriteError)(e);
        }
    }
    /** Many searches with the same options, in parallel. A query that is refused (`queries.3`) refuses them all. Codes as in {@link searchSimilar}. */
    searchMany(queries, options) {
        return (0, errors_js_1.guard)(() => (0, searching_js_1.searchMany)(this.#native, queries, options));
    }
    findRelated(id, options) {
        return (0, errors_js_1.guard)(() => (0, searching_js_1.findRelated)(this.#native, id, options));
    }
    /**
     * The best chunks for a query as one text for a prompt, never over `budget_tokens` by the model's tokenizer (headings included).
     * From the best hit on: what does not fit is skipped for what does, except that the best hit is cut at a line end (at a word end
     * when its first line is too long). Nothing is said twice: not an equal content, not a text that stands in another chunk (white
     * space aside), not the lines of a file that two chunks share. Every chunk stands under its path, lines and id.
     * What is not UTF-8 is left out. Looks at `budget_tokens / 16` hits, 50 to 1,000, and gives up after 64 that do not fit.
     * Cost: a search, and counting every text it tries. Codes: `INVALID_ARGUMENT` (a blank query too), `ABORTED`, `MODEL_NOT_FOUND` (the tokenizer is in the model's folder).
     */
    buildContext(query, options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.buildContext(query, options, call.number)));
    }
    /**
     * Ranks texts by meaning, best first; nothing is stored. `top_k` (10) is 1 to 10,000; there may be 10,000 documents of 16 MiB in all,
     * each read from its first 256 tokens. Ties go to the earlier document.
     * Cost: an embedding per text that is not in the embedding cache, on all threads of the pool.
     * Codes: `INVALID_ARGUMENT` (a blank query too), `EMBEDDING_FAILED` (no model: `enable_ml: false`), `ABORTED`.
     */
    semanticSearch(query, documents, top_k = 10, options) {
        return (0, errors_js_1.guard)(() => (0, searching_js_1.rank)(this.#native, query, documents, top_k, options));
    }
    /** The vector of a text, unit length. */
    generateEmbedding(text, options) {
        return (0, errors_js_1.guard)(() => (0, embedding_js_1.embedOne)(this.#native, text, options));
    }
    /** The vectors of texts, unit length, in the order given. */
    generateEmbeddings(texts, options) {
        return (0, errors_js_1.guard)(() => (0, embedding_js_1.embedAll)(this.#native, texts, options));
    }
    /** Tokens of a text by the model's tokenizer, not cut. The one method that is synchronous: it throws a FluoriteError. */
    countTokens(text) {
        try {
            return this.#native.countTokens(text);
        }
        catch (e) {
            throw (0, errors_js_1.fluoriteError)(e);
        }
    }
    /**
     * Cuts a text along its structure into pieces of at most `max_tokens`: code between declarations and statements, Markdown
     * between sections and blocks, prose between paragraphs and sentences. Texts of up to 16 MiB; stores nothing.
     * Cost: linear, on one thread of the pool; seconds a MiB. Codes: `INVALID_ARGUMENT`, `ABORTED`, `MODEL_NOT_FOUND`.
     */
    chunkText(text, options) {
        return (0, errors_js_1.guard)(() => (0, searching_js_1.cut)(this.#native, text, options));
    }
    /**
     * Stores the spike templates of a folder as chunks, each with a quality score, and draws patterns and combinations of frameworks
     * from those at or above `quality_threshold` (0.7). Unreadable files are reported, never fatal; unchanged ones are skipped. See `docs/learning.md`.
     * Codes: `INVALID_ARGUMENT` (no folder, and none configured), `READ_ONLY`, `NO_SPACE`, `IO`, `ABORTED` (what was stored stays).
     */
    learnFromSpikes(options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.learn(options, call.report, call.number)));
    }
    /**
     * Stores files and folders as chunks, each with path and lines: code by function and class, Markdown by section, YAML, JSON and TOML by
     * key. Incremental: changed files replace their chunks, deleted ones remove them, renamed ones keep ids and history. Respects
     * `.gitignore`. What cannot be read is reported, never fatal. See `docs/learning.md`.
     * With `sources` it fetches git repositories and documents first, those that are listed and nothing else, and learns their copies: only
     * what has changed since the last time. One that cannot be fetched is in the report; when nothing is left to learn, it is `IO`.
     * Codes: `INVALID_ARGUMENT` (a path that is missing, an address that is refused), `READ_ONLY` (before anything is fetched),
     * `ABORTED` (what was stored stays; the next call goes on from there).
     */
    learnFromFiles(paths, options) {
        return (0, errors_js_1.guard)(() => (0, learning_js_1.learnFiles)(this.#native, paths, options));
    }
    /**
     * Learns folders, then what changes in them: new, changed, renamed and deleted files, as the runs of {@link learnFromSpikes} and
     * {@link learnFromFiles} do. A burst of changes is one run, after a pause of `debounce_ms`. It watches from this call on, whether it is
     * read or not, and keeps the process alive until it ends: with `break` (or `return()`), the signal, or `shutdown`.
     * A file that cannot be read is in the report; a run that fails is told, and tried again. The newest 1,024 are kept for a slow reader;
     * `missed` counts those that were dropped.
     * Cost: on Linux one inotify watch a folder (not those of `node_modules` and `.gitignore`); for each burst a run over the folder it is in.
     * Codes, at the first progress: `INVALID_ARGUMENT` (a path that is missing), `IO` (the system's limit of watches: raise it, or
     * `poll_interval_ms`), `READ_ONLY`, `NOT_INITIALIZED`, `CLOSED`.
     *
     * @example
     * for await (const { phase, report } of bridge.watch({ paths: ['docs'], signal })) if (phase === 'done') console.log(report);
     */
    watch(options) {
        return this.#life.watch(options);
    }
    /**
     * What goes with some frameworks (any spelling), best first, learned from what the chunks of a namespace use. The last argument may be the limit alone.
     * Cost: reads every chunk of the namespace. Codes: `INVALID_ARGUMENT`, `ABORTED`.
     */
    suggestFrameworks(frameworks, options) {
        const given = typeof options === 'number' ? { limit: options } : options;
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, given, (call) => this.#native.suggestFrameworks(frameworks, given, call.number)));
    }
    /**
     * How two frameworks (any spelling) are used together: a pattern for each family of chunks that use both, the largest first;
     * `metadata.members` are the ids it rests on. Cost: reads every chunk of the namespace. Codes: `INVALID_ARGUMENT`, `ABORTED`.
     */
    getIntegrationPatterns(a, b, options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.integrationPatterns(a, b, options, call.number)));
    }
    /**
     * The files of a learned template with its placeholders filled in: given values, else declared defaults. Writes nothing.
     * Codes: `NOT_FOUND`, `INVALID_ARGUMENT` (no template, a placeholder without a value, an unknown parameter, a path that would lead out).
     */
    renderSpike(id, params, options) {
        return (0, errors_js_1.guard)(async () => JSON.parse(await this.#native.renderSpike(id, params, options)));
    }
    /**
     * Keeps what was said about chunks. Durable when it resolves; never a hit, never listed, never counted among the chunks.
     * A `correction` stores a new version of the chunk with that text and everything else as it was; {@link history} has the old one.
     * Up to 1,000 at once, all or none. Nothing is ranked differently before {@link trainIncremental}.
     * Cost: an fsync, one more for corrections. Codes: `NOT_FOUND` (no such chunk), `INVALID_ARGUMENT` (also for a text that is stored in pieces: name the piece), `INVALID_ID`, `READ_ONLY`, `NO_SPACE`.
     */
    addFeedback(feedback, options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.cancellable)(this.#native, (0, call_js_1.hooksOf)(options), (call) => this.#native.addFeedback(feedback, options, call.number)));
    }
    /**
     * Learns from feedback with a query (and from `examples`) which hits to rank higher: pairwise logistic regression over the ranking
     * signals and the labels of chunks, domain by domain, what earlier domains learned protected by elastic weight consolidation.
     * A fourth of the queries is held out; weights that order their pairs no better than the old ones are thrown away. See `docs/feedback.md`.
     * Cost: a search for each query with feedback (at most 2,000 a domain). Codes: `INVALID_ARGUMENT`, `READ_ONLY`, `ABORTED` (nothing has changed).
     */
    trainIncremental(examples, options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.train(examples, options, call.report, call.number)));
    }
    /**
     * What has been learned so far, in all namespaces: chunks by where they came from, folders, qualities, patterns, the last runs,
     * feedback and the domains trained from it. Cost: reads every chunk. Codes: `ABORTED`, `CORRUPT` (the file of runs; the next run mends it).
     */
    getLearningStats(options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.learningStats(options, call.number)));
    }
    /**
     * Clusters of the chunks that have a vector: spherical k-means (`k` chosen by silhouette when absent) or by density (HDBSCAN), each with a label
     * from its distinctive words, representatives, cohesion, and the outliers. The same chunks and seed give the same result. See `docs/clusters.md`.
     * Cost: seconds for 100,000 chunks; 4 bytes a value of memory. Codes: `INVALID_ARGUMENT`, `ABORTED`.
     */
    cluster(options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.cluster(options, call.report, call.number)));
    }
    /**
     * A map of the chunks that have a vector: places in two dimensions where what means alike lies near each other, with the cluster of each,
     * in the order of namespace and id. The same chunks and seed give the same map. See `docs/clusters.md`.
     * Cost: as {@link cluster}, and the layout. Codes: `INVALID_ARGUMENT`, `ABORTED`.
     */
    memoryMap(options) {
        return (0, errors_js_1.guard)(async () => {
            const pieces = await (0, call_js_1.cancellable)(this.#native, (0, call_js_1.hooksOf)(options), (call) => this.#native.memoryMap(options, call.report, call.number));
            return (0, pieces_js_1.parsed)(pieces);
        });
    }
    /** Figures of the store, its caches and the model. */
    getStats() {
        return (0, errors_js_1.guard)(async () => JSON.parse(await this.#native.stats()));
    }
    getMetrics(options) {
        return (0, errors_js_1.guard)(async () => {
            const told = await (0, call_js_1.cancellable)(this.#native, (0, call_js_1.hooksOf)(options), (call) => this.#native.metrics(options, call.report, call.number));
            return told.startsWith('{') ? JSON.parse(told) : told;
        });
    }
    /** What works. */
    health() {
        return (0, errors_js_1.guard)(() => JSON.parse(this.#native.health()));
    }
    /**
     * Reads every record and compares checksums; with `deep` also decompresses and decodes every version, compares ids with the id
     * table and every derived file (filters, graphs, text segments, feedback) with the log. Changes nothing. Damage is reported with
     * file, offset, what is lost and what to do, never an error. See `docs/care.md`.
     * Cost: the log is read once; `deep`: tokenising everything on one thread, and compaction waits. Codes: `INVALID_ARGUMENT`, `ABORTED`, `IO`.
     */
    verify(options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.verify(options, call.report, call.number)));
    }
    /**
     * Copies the store into a folder that does not exist or is empty, while reading and writing go on: a store of its own with exactly
     * what was acknowledged at one moment between this call and its end. It appears complete or not at all. See `docs/care.md`.
     * Cost: every byte read and written once (none with `link`); writers wait for one fsync.
     * Codes: `INVALID_ARGUMENT` (the folder is not empty, or lies in the store), `CORRUPT` (a file is damaged), `NO_SPACE`, `POISONED`, `IO`, `ABORTED`;
     * `READ_ONLY`: the copy needs the writer to hold still for a moment. Call it where the store is written, or {@link exportJsonl} here.
     */
    snapshot(dir, options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.snapshot(dir, options, call.report, call.number)));
    }
    /**
     * Gives an encrypted store another key (32 bytes, as `memory.encryption_key`) and writes everything anew with a new data key. From
     * its first step on the new key opens the store and the old one does not; interrupted or failed later, the rest is done behind the
     * next open, or by {@link optimize} (`getStats().key_rotation_pending`). Readers must be opened again. See `docs/encryption.md`.
     * Cost: every byte read and written once. Codes: `INVALID_ARGUMENT`, `NOT_ENCRYPTED`, `BUSY` (a snapshot is being made), `READ_ONLY`,
     * `CORRUPT` (what is damaged, and the old data key, stay), `NO_SPACE`, `POISONED`, `IO`, `ABORTED`.
     */
    rotateKey(key, options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.rotateKey(key, options, call.report, call.number)));
    }
    /**
     * Writes chunks as JSON lines, with their vectors when asked: into a file, which appears when it is complete, or a stream, which is
     * not ended. Chunks stored meanwhile may or may not be among them (a {@link snapshot} is of one moment). The lines are drawn in
     * `docs/care.md`. Codes: `INVALID_ARGUMENT`, `NOT_FOUND` (no such folder), `NO_SPACE`, `IO`, `ABORTED`.
     */
    exportJsonl(target, options) {
        return (0, errors_js_1.guard)(() => (0, jsonl_js_1.exportLines)(this.#native, target, options));
    }
    /**
     * Stores the chunks of JSON lines: of a file or a stream. Times, read counters, expiry and (for a new chunk) the version are kept; a
     * vector is used when it is of the store's model, else the text is embedded. What is stored already with this content, these fields
     * and a vector is left alone, so an import that was interrupted is simply run again. A line without an id gets one made of
     * its bytes. Bad lines are listed by number, not fatal unless `on_error: 'abort'`.
     * Cost: an fsync for 128 KB of lines, an embedding for a text without a vector.
     * Codes: `READ_ONLY` (before the source is looked at), `INVALID_ARGUMENT`, `NOT_FOUND`, `NO_SPACE`, `IO`, `ABORTED` (what was stored stays).
     */
    importJsonl(source, options) {
        return (0, errors_js_1.guard)(() => (0, jsonl_js_1.importLines)(this.#native, source, options));
    }
    /**
     * Rewrites what is mostly deleted or overwritten, at a higher compression level, and everything that holds purged or expired
     * chunks: nothing of those that were gone before the call is left when it resolves. Codes: `READ_ONLY`, `CORRUPT`, `NO_SPACE`, `POISONED`, `IO`, `ABORTED`.
     */
    optimize(options) {
        return (0, errors_js_1.guard)(() => (0, call_js_1.long)(this.#native, options, (call) => this.#native.optimize(options, call.report, call.number)));
    }
    /**
     * Has a function told of every event of this name from now on, whoever causes it: this bridge or another of the process on
     * the same store, worker threads too. It may be called before `initialize`; `shutdown` tells what is left and ends it.
     * A write is told when it is done, chunk events in the order of the writes. At most 512 events are told in a turn of the
     * event loop, and 16,384 wait; beyond these the oldest are dropped and counted in a `Lagged`.
     * Listening does not keep the process alive. What a listener throws goes to the listeners of `error`, as `(thrown, event)`;
     * without one it is an uncaught exception, as with any `EventEmitter`. The engine and the other listeners go on.
     * Cost: a few microseconds an event; without a listener none. Throws `INVALID_ARGUMENT`.
     */
    on(event, listener) {
        this.#emitter.add(event, listener, false);
        return this;
    }
    /** As {@link on}, for one event. */
    once(event, listener) {
        this.#emitter.add(event, listener, true);
        return this;
    }
    /** Takes a listener away; nothing happens when it is not there. */
    off(event, listener) {
        this.#emitter.remove(event, listener);
        return this;
    }
    /**
     * Events from this call on, as they come; see {@link on}. Ends with `shutdown` (what happened before is still read), the signal,
     * or `break`. A loop that waits does not keep the process alive. One that is never read holds its `buffer` until `shutdown`.
     * Codes, at the first event: `NOT_INITIALIZED`, `CLOSED`, `INVALID_ARGUMENT`.
     *
     * @example
     * for await (const event of bridge.events({ types: ['ChunkStored'], signal })) console.log(event.type);
     */
    events(options) {
        return this.#life.events(options);
    }
    /** Waits for the calls in flight, saves and closes. Every later call rejects with `CLOSED`; a second shutdown waits for the first. */
    shutdown() {
        return this.#life.close();
    }
    /** `await using bridge = await FluoriteBridge.open(...)`: the same as {@link shutdown}. */
    [Symbol.asyncDispose]() {
        return this.shutdown();
    }
}
exports.FluoriteBridge = FluoriteBridge;
