import type { Writable } from 'node:stream';
import type { BatchOptions, BatchResult, BridgeConfig, CallOptions, Chunk, ChunkField, ChunkId, ChunkInput, ChunkTextOptions, ChunkVersion, ClusterOptions, ClusterReport, Context, ContextOptions, DeleteOptions, DeleteWhereOptions, EngineStats, EventOptions, ExportOptions, ExportReport, Feedback, FileLearnOptions, FilesReport, FluoriteEvent, FluoriteEventName, FluoriteListener, FrameworkRelationship, IdOptions, ImportOptions, ImportReport, LearnOptions, LearningReport, LearningStats, ListOptions, MapOptions, MapPoint, Metrics, MetricsOptions, OptimizeReport, PartialHit, Pattern, RankedDocument, RelatedOptions, RelationOptions, RenderedSpike, SearchFilter, SearchHit, SearchOptions, SignalOptions, SnapshotOptions, SnapshotReport, SystemHealth, TextChunk, TrainOptions, TrainingExample, TrainingResult, VerifyOptions, VerifyReport, WatchOptions, WatchProgress, WriteOptions } from './facade/types/index.js';
export { FluoriteError, isFluoriteError, type ErrorCode } from './facade/errors.js';
export { salvage } from './facade/salvage.js';
export type * from './facade/types/index.js';
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
export declare class FluoriteBridge implements AsyncDisposable {
    #private;
    /** A bridge that is open already. */
    static open(config: BridgeConfig): Promise<FluoriteBridge>;
    /**
     * Opens the store, creating it when it is not there (`read_only` creates nothing). After a failure it can be called again, after `shutdown` not (`CLOSED`).
     * Codes: `INVALID_CONFIG`, `ALREADY_INITIALIZED`, `STORE_LOCKED`, `NOT_FOUND` (`read_only`, and there is no store), `CORRUPT`, `UNSUPPORTED_FORMAT`, `KEY_REQUIRED`, `KEY_WRONG`, `NOT_ENCRYPTED`, `MODEL_NOT_FOUND`, `MODEL_REJECTED`, `IO`.
     */
    initialize(config: BridgeConfig): Promise<void>;
    /** Is the store open? */
    get ready(): boolean;
    /**
     * Stores a chunk, or a new version of it. When it resolves the chunk is durable and the next search finds it. With `memory.auto_split` a
     * long text is stored in pieces, all or none, in place of everything that was stored under its id; see `docs/chunking.md`.
     * Codes: `INVALID_ARGUMENT`, `INVALID_ID` (also when the id of a piece belongs to another chunk), `CHUNK_TOO_LARGE`, `DIMENSION_MISMATCH`, `EMBEDDING_FAILED`, `READ_ONLY`, `NO_SPACE`, `POISONED`, `BUSY`, `IO`, `ABORTED`.
     */
    storeChunk(chunk: ChunkInput, options?: WriteOptions): Promise<ChunkId>;
    /**
     * Stores many chunks, in slices of 64 (or 256 KB) that become durable and visible each by itself; `atomic` makes the call one batch.
     * An async iterable is read no faster than it can be stored. Codes: as {@link storeChunk}, but `BUSY`: it waits.
     */
    storeChunks(chunks: readonly ChunkInput[] | AsyncIterable<ChunkInput> | Iterable<ChunkInput>, options?: BatchOptions): Promise<BatchResult>;
    /**
     * Resolves when everything stored so far is durable; with `embedded` also when every waiting vector is computed or refused: a
     * text the embedder cannot take fails no flush, `health().embedder` tells of it and the next open tries it again. A `read_only`
     * bridge has nothing to flush, and computes no vectors: `READ_ONLY` with `embedded`.
     */
    flush(options?: {
        embedded?: boolean;
    }): Promise<void>;
    /**
     * Of a `read_only` bridge: makes visible what the writing process had acknowledged before this call; true when anything has changed
     * since the last look. A bridge that writes sees its writes anyway: false.
     * Cost: some system calls when nothing has changed, else the new chunks; after a compaction or a new index file that of an open.
     * Codes: `CORRUPT`, `IO`, `NOT_FOUND` (the store was removed, or another took its place), `MODEL_REJECTED`; what was read before stays readable.
     */
    refresh(): Promise<boolean>;
    /** The chunk with all its fields, or `null`. A text that is stored in pieces comes whole, with the metadata it was given. */
    getChunk(id: ChunkId, options?: IdOptions): Promise<Chunk | null>;
    /** Chunks by id, in the order given, all of one moment; `null` where there is none. As {@link getChunk}. */
    getChunks(ids: readonly ChunkId[], options?: IdOptions): Promise<(Chunk | null)[]>;
    /** The content as bytes, exactly as stored, or `null`. */
    getContentBuffer(id: ChunkId, options?: IdOptions): Promise<Buffer | null>;
    /** Deletes a chunk, with all its pieces; true when there was one. Codes: `INVALID_ID`, `READ_ONLY`, `NO_SPACE`, `POISONED`, `BUSY`, `IO`. */
    deleteChunk(id: ChunkId, options?: DeleteOptions): Promise<boolean>;
    /** Deletes what matches and returns how many. An empty filter is refused without `{ all: true }`. Codes: `INVALID_ARGUMENT`, and as {@link deleteChunk}. */
    deleteWhere(filter: SearchFilter, options?: DeleteWhereOptions): Promise<number>;
    /**
     * All chunks, page by page; chunks stored meanwhile may or may not appear. A chunk that cannot be read ends the listing with
     * `CORRUPT`, unless there is an `on_damage`, which is told of it instead.
     */
    listChunks(options?: ListOptions): AsyncGenerator<Chunk, void, undefined>;
    /** The kept versions of a chunk, oldest first. One that was stored in pieces comes whole, while all its pieces are kept. */
    history(id: ChunkId, options?: IdOptions): Promise<ChunkVersion[]>;
    /**
     * The best hits, best first. A text is searched by meaning and words, a vector by meaning. The last argument may be the limit alone.
     * Codes: `INVALID_ARGUMENT` (a blank query: nothing but white space and invisible characters; {@link listChunks} reads without one),
     * `DIMENSION_MISMATCH`, `EMBEDDING_FAILED`, `ABORTED`, `CORRUPT`, `IO`.
     */
    searchSimilar<F extends ChunkField = never>(query: string | Float32Array, options: SearchOptions & {
        fields: readonly F[];
    }): Promise<PartialHit<F>[]>;
    searchSimilar(query: string | Float32Array, options?: number | SearchOptions): Promise<SearchHit[]>;
    /** Many searches with the same options, in parallel. A query that is refused (`queries.3`) refuses them all. Codes as in {@link searchSimilar}. */
    searchMany(queries: readonly (string | Float32Array)[], options?: number | SearchOptions): Promise<SearchHit[][]>;
    /**
     * The chunks most like a stored one, best first, without it; older versions are never among them. By its vector when it has one
     * (`score` is the cosine), else by the 32 rarest words of its content; `mode` asks for one way. Searches the chunk's own namespace
     * unless `filter.namespace` names another; other options as in {@link searchSimilar}. Of a text that is stored in pieces: by the mean
     * of their vectors, without the pieces.
     * Cost: that of a vector search; no embedding is computed. Codes: `NOT_FOUND`, `INVALID_ID`, `INVALID_ARGUMENT` (a mode that needs a vector, and there is none), `ABORTED`.
     */
    findRelated<F extends ChunkField = never>(id: ChunkId, options: RelatedOptions & {
        fields: readonly F[];
    }): Promise<PartialHit<F>[]>;
    findRelated(id: ChunkId, options?: RelatedOptions): Promise<SearchHit[]>;
    /**
     * The best chunks for a query as one text for a prompt, never over `budget_tokens` by the model's tokenizer (headings included).
     * From the best hit on: what does not fit is skipped for what does, except that the best hit is cut at a line end (at a word end
     * when its first line is too long). Nothing is said twice: not an equal content, not a text that stands in another chunk (white
     * space aside), not the lines of a file that two chunks share. Every chunk stands under its path, lines and id.
     * What is not UTF-8 is left out. Looks at `budget_tokens / 16` hits, 50 to 1,000, and gives up after 64 that do not fit.
     * Cost: a search, and counting every text it tries. Codes: `INVALID_ARGUMENT` (a blank query too), `ABORTED`, `MODEL_NOT_FOUND` (the tokenizer is in the model's folder).
     */
    buildContext(query: string | Float32Array, options: ContextOptions): Promise<Context>;
    /**
     * Ranks texts by meaning, best first; nothing is stored. `top_k` (10) is 1 to 10,000; there may be 10,000 documents of 16 MiB in all,
     * each read from its first 256 tokens. Ties go to the earlier document.
     * Cost: an embedding per text that is not in the embedding cache, on all threads of the pool.
     * Codes: `INVALID_ARGUMENT` (a blank query too), `EMBEDDING_FAILED` (no model: `enable_ml: false`), `ABORTED`.
     */
    semanticSearch(query: string, documents: readonly string[], top_k?: number, options?: SignalOptions): Promise<RankedDocument[]>;
    /** The vector of a text, unit length. */
    generateEmbedding(text: string, options?: SignalOptions): Promise<Float32Array>;
    /** The vectors of texts, unit length, in the order given. */
    generateEmbeddings(texts: readonly string[] | AsyncIterable<string>, options?: CallOptions): Promise<Float32Array[]>;
    /** Tokens of a text by the model's tokenizer, not cut. The one method that is synchronous: it throws a FluoriteError. */
    countTokens(text: string): number;
    /**
     * Cuts a text along its structure into pieces of at most `max_tokens`: code between declarations and statements, Markdown
     * between sections and blocks, prose between paragraphs and sentences. Texts of up to 16 MiB; stores nothing.
     * Cost: linear, on one thread of the pool; seconds a MiB. Codes: `INVALID_ARGUMENT`, `ABORTED`, `MODEL_NOT_FOUND`.
     */
    chunkText(text: string, options?: ChunkTextOptions): Promise<TextChunk[]>;
    /**
     * Stores the spike templates of a folder as chunks, each with a quality score, and draws patterns and combinations of frameworks
     * from those at or above `quality_threshold` (0.7). Unreadable files are reported, never fatal; unchanged ones are skipped. See `docs/learning.md`.
     * Codes: `INVALID_ARGUMENT` (no folder, and none configured), `READ_ONLY`, `NO_SPACE`, `IO`, `ABORTED` (what was stored stays).
     */
    learnFromSpikes(options?: LearnOptions): Promise<LearningReport>;
    /**
     * Stores files and folders as chunks, each with path and lines: code by function and class, Markdown by section, YAML, JSON and TOML by
     * key. Incremental: changed files replace their chunks, deleted ones remove them, renamed ones keep ids and history. Respects
     * `.gitignore`. What cannot be read is reported, never fatal. See `docs/learning.md`.
     * With `sources` it fetches git repositories and documents first, those that are listed and nothing else, and learns their copies: only
     * what has changed since the last time. One that cannot be fetched is in the report; when nothing is left to learn, it is `IO`.
     * Codes: `INVALID_ARGUMENT` (a path that is missing, an address that is refused), `READ_ONLY` (before anything is fetched),
     * `ABORTED` (what was stored stays; the next call goes on from there).
     */
    learnFromFiles(paths: readonly string[], options?: FileLearnOptions): Promise<FilesReport>;
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
    watch(options?: WatchOptions): AsyncIterableIterator<WatchProgress>;
    /**
     * What goes with some frameworks (any spelling), best first, learned from what the chunks of a namespace use. The last argument may be the limit alone.
     * Cost: reads every chunk of the namespace. Codes: `INVALID_ARGUMENT`, `ABORTED`.
     */
    suggestFrameworks(frameworks: readonly string[], options?: number | RelationOptions): Promise<FrameworkRelationship[]>;
    /**
     * How two frameworks (any spelling) are used together: a pattern for each family of chunks that use both, the largest first;
     * `metadata.members` are the ids it rests on. Cost: reads every chunk of the namespace. Codes: `INVALID_ARGUMENT`, `ABORTED`.
     */
    getIntegrationPatterns(a: string, b: string, options?: RelationOptions): Promise<Pattern[]>;
    /**
     * The files of a learned template with its placeholders filled in: given values, else declared defaults. Writes nothing.
     * Codes: `NOT_FOUND`, `INVALID_ARGUMENT` (no template, a placeholder without a value, an unknown parameter, a path that would lead out).
     */
    renderSpike(id: ChunkId, params?: Readonly<Record<string, string | number | boolean>>, options?: IdOptions): Promise<RenderedSpike>;
    /**
     * Keeps what was said about chunks. Durable when it resolves; never a hit, never listed, never counted among the chunks.
     * A `correction` stores a new version of the chunk with that text and everything else as it was; {@link history} has the old one.
     * Up to 1,000 at once, all or none. Nothing is ranked differently before {@link trainIncremental}.
     * Cost: an fsync, one more for corrections. Codes: `NOT_FOUND` (no such chunk), `INVALID_ARGUMENT` (also for a text that is stored in pieces: name the piece), `INVALID_ID`, `READ_ONLY`, `NO_SPACE`.
     */
    addFeedback(feedback: Feedback | readonly Feedback[], options?: SignalOptions): Promise<void>;
    /**
     * Learns from feedback with a query (and from `examples`) which hits to rank higher: pairwise logistic regression over the ranking
     * signals and the labels of chunks, domain by domain, what earlier domains learned protected by elastic weight consolidation.
     * A fourth of the queries is held out; weights that order their pairs no better than the old ones are thrown away. See `docs/feedback.md`.
     * Cost: a search for each query with feedback (at most 2,000 a domain). Codes: `INVALID_ARGUMENT`, `READ_ONLY`, `ABORTED` (nothing has changed).
     */
    trainIncremental(examples?: readonly TrainingExample[], options?: TrainOptions): Promise<TrainingResult>;
    /**
     * What has been learned so far, in all namespaces: chunks by where they came from, folders, qualities, patterns, the last runs,
     * feedback and the domains trained from it. Cost: reads every chunk. Codes: `ABORTED`, `CORRUPT` (the file of runs; the next run mends it).
     */
    getLearningStats(options?: SignalOptions): Promise<LearningStats>;
    /**
     * Clusters of the chunks that have a vector: spherical k-means (`k` chosen by silhouette when absent) or by density (HDBSCAN), each with a label
     * from its distinctive words, representatives, cohesion, and the outliers. The same chunks and seed give the same result. See `docs/clusters.md`.
     * Cost: seconds for 100,000 chunks; 4 bytes a value of memory. Codes: `INVALID_ARGUMENT`, `ABORTED`.
     */
    cluster(options?: ClusterOptions): Promise<ClusterReport>;
    /**
     * A map of the chunks that have a vector: places in two dimensions where what means alike lies near each other, with the cluster of each,
     * in the order of namespace and id. The same chunks and seed give the same map. See `docs/clusters.md`.
     * Cost: as {@link cluster}, and the layout. Codes: `INVALID_ARGUMENT`, `ABORTED`.
     */
    memoryMap(options?: MapOptions): Promise<MapPoint[]>;
    /** Figures of the store, its caches and the model. */
    getStats(): Promise<EngineStats>;
    /**
     * Latency of every stage, caches, memory, quality, learning: as an object, or as text for Prometheus. With `accuracy: true` also how well
     * searches find what belongs together, by leave-one-out hit@10 on a sample. See `docs/metrics.md`.
     * Cost: some milliseconds; with `accuracy` a search for each of the sample. Codes: `INVALID_ARGUMENT`, `ABORTED`.
     */
    getMetrics(options: MetricsOptions & {
        format: 'prometheus';
    }): Promise<string>;
    getMetrics(options?: MetricsOptions & {
        format?: 'json' | undefined;
    }): Promise<Metrics>;
    getMetrics(options?: MetricsOptions): Promise<Metrics | string>;
    /** What works. */
    health(): Promise<SystemHealth>;
    /**
     * Reads every record and compares checksums; with `deep` also decompresses and decodes every version, compares ids with the id
     * table and every derived file (filters, graphs, text segments, feedback) with the log. Changes nothing. Damage is reported with
     * file, offset, what is lost and what to do, never an error. See `docs/care.md`.
     * Cost: the log is read once; `deep`: tokenising everything on one thread, and compaction waits. Codes: `INVALID_ARGUMENT`, `ABORTED`, `IO`.
     */
    verify(options?: VerifyOptions): Promise<VerifyReport>;
    /**
     * Copies the store into a folder that does not exist or is empty, while reading and writing go on: a store of its own with exactly
     * what was acknowledged at one moment between this call and its end. It appears complete or not at all. See `docs/care.md`.
     * Cost: every byte read and written once (none with `link`); writers wait for one fsync.
     * Codes: `INVALID_ARGUMENT` (the folder is not empty, or lies in the store), `CORRUPT` (a file is damaged), `NO_SPACE`, `POISONED`, `IO`, `ABORTED`;
     * `READ_ONLY`: the copy needs the writer to hold still for a moment. Call it where the store is written, or {@link exportJsonl} here.
     */
    snapshot(dir: string, options?: SnapshotOptions): Promise<SnapshotReport>;
    /**
     * Gives an encrypted store another key (32 bytes, as `memory.encryption_key`) and writes everything anew with a new data key. From
     * its first step on the new key opens the store and the old one does not; interrupted or failed later, the rest is done behind the
     * next open, or by {@link optimize} (`getStats().key_rotation_pending`). Readers must be opened again. See `docs/encryption.md`.
     * Cost: every byte read and written once. Codes: `INVALID_ARGUMENT`, `NOT_ENCRYPTED`, `BUSY` (a snapshot is being made), `READ_ONLY`,
     * `CORRUPT` (what is damaged, and the old data key, stay), `NO_SPACE`, `POISONED`, `IO`, `ABORTED`.
     */
    rotateKey(key: Uint8Array | string, options?: CallOptions): Promise<OptimizeReport>;
    /**
     * Writes chunks as JSON lines, with their vectors when asked: into a file, which appears when it is complete, or a stream, which is
     * not ended. Chunks stored meanwhile may or may not be among them (a {@link snapshot} is of one moment). The lines are drawn in
     * `docs/care.md`. Codes: `INVALID_ARGUMENT`, `NOT_FOUND` (no such folder), `NO_SPACE`, `IO`, `ABORTED`.
     */
    exportJsonl(target: string | Writable, options?: ExportOptions): Promise<ExportReport>;
    /**
     * Stores the chunks of JSON lines: of a file or a stream. Times, read counters, expiry and (for a new chunk) the version are kept; a
     * vector is used when it is of the store's model, else the text is embedded. What is stored already with this content, these fields
     * and a vector is left alone, so an import that was interrupted is simply run again. A line without an id gets one made of
     * its bytes. Bad lines are listed by number, not fatal unless `on_error: 'abort'`.
     * Cost: an fsync for 128 KB of lines, an embedding for a text without a vector.
     * Codes: `READ_ONLY` (before the source is looked at), `INVALID_ARGUMENT`, `NOT_FOUND`, `NO_SPACE`, `IO`, `ABORTED` (what was stored stays).
     */
    importJsonl(source: string | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>, options?: ImportOptions): Promise<ImportReport>;
    /**
     * Rewrites what is mostly deleted or overwritten, at a higher compression level, and everything that holds purged or expired
     * chunks: nothing of those that were gone before the call is left when it resolves. Codes: `READ_ONLY`, `CORRUPT`, `NO_SPACE`, `POISONED`, `IO`, `ABORTED`.
     */
    optimize(options?: CallOptions): Promise<OptimizeReport>;
    /**
     * Has a function told of every event of this name from now on, whoever causes it: this bridge or another of the process on
     * the same store, worker threads too. It may be called before `initialize`; `shutdown` tells what is left and ends it.
     * A write is told when it is done, chunk events in the order of the writes. At most 512 events are told in a turn of the
     * event loop, and 16,384 wait; beyond these the oldest are dropped and counted in a `Lagged`.
     * Listening does not keep the process alive. What a listener throws goes to the listeners of `error`, as `(thrown, event)`;
     * without one it is an uncaught exception, as with any `EventEmitter`. The engine and the other listeners go on.
     * Cost: a few microseconds an event; without a listener none. Throws `INVALID_ARGUMENT`.
     */
    on<K extends FluoriteEventName | 'error'>(event: K, listener: FluoriteListener<K>): this;
    /** As {@link on}, for one event. */
    once<K extends FluoriteEventName | 'error'>(event: K, listener: FluoriteListener<K>): this;
    /** Takes a listener away; nothing happens when it is not there. */
    off<K extends FluoriteEventName | 'error'>(event: K, listener: FluoriteListener<K>): this;
    /**
     * Events from this call on, as they come; see {@link on}. Ends with `shutdown` (what happened before is still read), the signal,
     * or `break`. A loop that waits does not keep the process alive. One that is never read holds its `buffer` until `shutdown`.
     * Codes, at the first event: `NOT_INITIALIZED`, `CLOSED`, `INVALID_ARGUMENT`.
     *
     * @example
     * for await (const event of bridge.events({ types: ['ChunkStored'], signal })) console.log(event.type);
     */
    events(options?: EventOptions): AsyncIterableIterator<FluoriteEvent>;
    /** Waits for the calls in flight, saves and closes. Every later call rejects with `CLOSED`; a second shutdown waits for the first. */
    shutdown(): Promise<void>;
    /** `await using bridge = await FluoriteBridge.open(...)`: the same as {@link shutdown}. */
    [Symbol.asyncDispose](): Promise<void>;
}
