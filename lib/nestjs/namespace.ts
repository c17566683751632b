import type { Writable } from 'node:stream';

import { guard, inputError } from '../facade/errors.js';
import type {
  BatchOptions, BatchResult, CallOptions, Chunk, ChunkField, ChunkId, ChunkInput, ChunkTextOptions, ChunkVersion, ClusterOptions, ClusterReport, Context, ContextOptions, EventOptions, Feedback, FileLearnOptions,
  DeleteOptions, DeleteWhereOptions, ExportOptions, ExportReport, FilesReport, FluoriteBridge, FluoriteEvent, FrameworkRelationship, IdOptions, ImportOptions, ImportReport, LearningReport, LearnOptions, ListOptions, MapOptions, MapPoint, PartialHit, Pattern, RankedDocument, RelatedOptions, RelationOptions, RenderedSpike, SearchFilter, SearchHit, SearchOptions, SignalOptions,
  TextChunk, WatchOptions, WatchProgress, WriteOptions,
} from '../index.js';
import { FluoriteError } from '../index.js';
import { confined, confinedFilter, confinedItem, confinedSearch, saysNothing } from './confine.js';

/** What of the bridge a namespace has. The rest is of the whole store: figures, checks, listeners, opening and closing. */
export type NamespaceMethods = Pick<FluoriteBridge,
  | 'storeChunk' | 'storeChunks' | 'flush' | 'refresh' | 'getChunk' | 'getChunks' | 'getContentBuffer' | 'deleteChunk' | 'deleteWhere' | 'listChunks' | 'history'
  | 'searchSimilar' | 'searchMany' | 'findRelated' | 'buildContext' | 'semanticSearch' | 'generateEmbedding' | 'generateEmbeddings' | 'countTokens'
  | 'chunkText' | 'learnFromSpikes' | 'learnFromFiles' | 'watch' | 'suggestFrameworks' | 'getIntegrationPatterns' | 'renderSpike' | 'addFeedback' | 'exportJsonl' | 'importJsonl' | 'cluster' | 'memoryMap' | 'events'>;

/**
 * The store as one namespace sees it: every id, search, listing and write stays in it. Methods, options and results are those of
 * {@link FluoriteBridge}; naming another namespace is `INVALID_ARGUMENT`. A convenience and a safeguard against mistakes, not a
 * boundary against code that can reach {@link FluoriteService}.
 */
export class FluoriteNamespace implements NamespaceMethods {
  readonly #bridge: FluoriteBridge;

  /**
   * A handle of a namespace.
   *
   * @param bridge - the open store.
   * @param namespace - where all calls go.
   */
  constructor(bridge: FluoriteBridge, readonly namespace: string) {
    if (typeof namespace !== 'string' || namespace === '') throw new FluoriteError('INVALID_CONFIG', 'a namespace must be a text of at least one character');
    this.#bridge = bridge;
  }

  /** As {@link FluoriteBridge.storeChunk}. */
  storeChunk(chunk: ChunkInput, options?: WriteOptions): Promise<ChunkId> {
    return guard(() => this.#bridge.storeChunk(confinedItem(chunk, this.namespace, 'chunk'), options));
  }

  /** As {@link FluoriteBridge.storeChunks}; a chunk of another namespace rejects the call, whatever `on_error`. */
  storeChunks(chunks: readonly ChunkInput[] | AsyncIterable<ChunkInput> | Iterable<ChunkInput>, options?: BatchOptions): Promise<BatchResult> {
    return guard(() => this.#bridge.storeChunks(this.#confinedChunks(chunks), options));
  }

  /** As {@link FluoriteBridge.flush}: of the whole store. */
  flush(options?: { embedded?: boolean }): Promise<void> {
    return this.#bridge.flush(options);
  }

  /** As {@link FluoriteBridge.refresh}: of the whole store. */
  refresh(): Promise<boolean> {
    return this.#bridge.refresh();
  }

  /** As {@link FluoriteBridge.getChunk}. */
  getChunk(id: ChunkId, options?: IdOptions): Promise<Chunk | null> {
    return guard(() => this.#bridge.getChunk(id, this.#id(options)));
  }

  /** As {@link FluoriteBridge.getChunks}. */
  getChunks(ids: readonly ChunkId[], options?: IdOptions): Promise<(Chunk | null)[]> {
    return guard(() => this.#bridge.getChunks(ids, this.#id(options)));
  }

  /** As {@link FluoriteBridge.getContentBuffer}. */
  getContentBuffer(id: ChunkId, options?: IdOptions): Promise<Buffer | null> {
    return guard(() => this.#bridge.getContentBuffer(id, this.#id(options)));
  }

  /** As {@link FluoriteBridge.deleteChunk}. */
  deleteChunk(id: ChunkId, options?: DeleteOptions): Promise<boolean> {
    return guard(() => this.#bridge.deleteChunk(id, this.#id(options)));
  }

  /** As {@link FluoriteBridge.deleteWhere}; a filter that says nothing deletes the namespace, and needs `{ all: true }` too. */
  deleteWhere(filter: SearchFilter, options?: DeleteWhereOptions): Promise<number> {
    return guard(() => {
      const within = confinedFilter(filter, this.namespace);
      const all = (options as { all?: unknown } | null | undefined)?.all === true;
      if (!all && saysNothing(within)) {
        throw new FluoriteError('INVALID_ARGUMENT', `an empty filter deletes every chunk of the namespace ${JSON.stringify(this.namespace)}: pass { all: true } to mean it`);
      }
      return this.#bridge.deleteWhere(within, options);
    });
  }

  /** As {@link FluoriteBridge.listChunks}. */
  async *listChunks(options?: ListOptions): AsyncGenerator<Chunk, void, undefined> {
    yield* this.#bridge.listChunks(confinedSearch(options, this.namespace));
  }

  /** As {@link FluoriteBridge.history}. */
  history(id: ChunkId, options?: IdOptions): Promise<ChunkVersion[]> {
    return guard(() => this.#bridge.history(id, this.#id(options)));
  }

  /** As {@link FluoriteBridge.searchSimilar}. */
  searchSimilar<F extends ChunkField = never>(query: string | Float32Array, options: SearchOptions & { fields: readonly F[] }): Promise<PartialHit<F>[]>;
  searchSimilar(query: string | Float32Array, options?: number | SearchOptions): Promise<SearchHit[]>;
  searchSimilar(query: string | Float32Array, options?: number | SearchOptions): Promise<SearchHit[]> {
    return guard(() => this.#bridge.searchSimilar(query, confinedSearch(options, this.namespace)));
  }

  /** As {@link FluoriteBridge.searchMany}. */
  searchMany(queries: readonly (string | Float32Array)[], options?: number | SearchOptions): Promise<SearchHit[][]> {
    return guard(() => this.#bridge.searchMany(queries, confinedSearch(options, this.namespace)));
  }

  /** As {@link FluoriteBridge.findRelated}: from a chunk of the namespace to others of it. */
  findRelated<F extends ChunkField = never>(id: ChunkId, options: RelatedOptions & { fields: readonly F[] }): Promise<PartialHit<F>[]>;
  findRelated(id: ChunkId, options?: RelatedOptions): Promise<SearchHit[]>;
  findRelated(id: ChunkId, options?: RelatedOptions): Promise<SearchHit[]> {
    return guard(() => this.#bridge.findRelated(id, confined(confinedSearch<RelatedOptions>(options, this.namespace), this.namespace, 'options')));
  }

  /** As {@link FluoriteBridge.buildContext}. */
  buildContext(query: string | Float32Array, options: ContextOptions): Promise<Context> {
    return guard(() => this.#bridge.buildContext(query, confinedSearch(options, this.namespace)));
  }

  /** As {@link FluoriteBridge.semanticSearch}: nothing is stored. */
  semanticSearch(query: string, documents: readonly string[], top_k?: number, options?: SignalOptions): Promise<RankedDocument[]> {
    return this.#bridge.semanticSearch(query, documents, top_k, options);
  }

  /** As {@link FluoriteBridge.generateEmbedding}. */
  generateEmbedding(text: string, options?: SignalOptions): Promise<Float32Array> {
    return this.#bridge.generateEmbedding(text, options);
  }

  /** As {@link FluoriteBridge.generateEmbeddings}. */
  generateEmbeddings(texts: readonly string[] | AsyncIterable<string>, options?: CallOptions): Promise<Float32Array[]> {
    return this.#bridge.generateEmbeddings(texts, options);
  }

  /** As {@link FluoriteBridge.countTokens}. */
  countTokens(text: string): number {
    return this.#bridge.countTokens(text);
  }

  /** As {@link FluoriteBridge.chunkText}. */
  chunkText(text: string, options?: ChunkTextOptions): Promise<TextChunk[]> {
    return this.#bridge.chunkText(text, options);
  }

  /** As {@link FluoriteBridge.learnFromSpikes}, into the namespace. */
  learnFromSpikes(options?: LearnOptions): Promise<LearningReport> {
    return guard(() => this.#bridge.learnFromSpikes(confined(options, this.namespace, 'options')));
  }

  /** As {@link FluoriteBridge.learnFromFiles}, into the namespace. */
  learnFromFiles(paths: readonly string[], options?: FileLearnOptions): Promise<FilesReport> {
    return guard(() => this.#bridge.learnFromFiles(paths, confined(options, this.namespace, 'options') as FileLearnOptions));
  }

  /** As {@link FluoriteBridge.watch}, into the namespace. */
  watch(options?: WatchOptions): AsyncIterableIterator<WatchProgress> {
    try {
      return this.#bridge.watch(confined(options, this.namespace, 'options') as WatchOptions);
    } catch (e) {
      return failing(e);
    }
  }

  /** As {@link FluoriteBridge.suggestFrameworks}, from chunks of the namespace. */
  suggestFrameworks(frameworks: readonly string[], options?: number | RelationOptions): Promise<FrameworkRelationship[]> {
    const given = typeof options === 'number' ? { limit: options } : options;
    return guard(() => this.#bridge.suggestFrameworks(frameworks, confined(given, this.namespace, 'options') as RelationOptions));
  }

  /** As {@link FluoriteBridge.getIntegrationPatterns}, from chunks of the namespace. */
  getIntegrationPatterns(a: string, b: string, options?: RelationOptions): Promise<Pattern[]> {
    return guard(() => this.#bridge.getIntegrationPatterns(a, b, confined(options, this.namespace, 'options') as RelationOptions));
  }

  /** As {@link FluoriteBridge.renderSpike}, of a template of the namespace. */
  renderSpike(id: ChunkId, params?: Readonly<Record<string, string | number | boolean>>, options?: IdOptions): Promise<RenderedSpike> {
    return guard(() => this.#bridge.renderSpike(id, params, this.#id(options)));
  }

  /** As {@link FluoriteBridge.cluster}, of chunks of the namespace. */
  cluster(options?: ClusterOptions): Promise<ClusterReport> {
    return guard(() => this.#bridge.cluster(confinedSearch(options, this.namespace) as ClusterOptions));
  }

  /** As {@link FluoriteBridge.memoryMap}, of chunks of the namespace. */
  memoryMap(options?: MapOptions): Promise<MapPoint[]> {
    return guard(() => this.#bridge.memoryMap(confinedSearch(options, this.namespace) as MapOptions));
  }

  /** As {@link FluoriteBridge.addFeedback}, about chunks of the namespace. */
  addFeedback(feedback: Feedback | readonly Feedback[], options?: SignalOptions): Promise<void> {
    return guard(() => {
      const one = (item: Feedback): Feedback => confinedItem(item, this.namespace, 'feedback');
      return this.#bridge.addFeedback(Array.isArray(feedback) ? (feedback as readonly Feedback[]).map(one) : one(feedback as Feedback), options);
    });
  }

  /** As {@link FluoriteBridge.exportJsonl}: the chunks of the namespace. */
  exportJsonl(target: string | Writable, options?: ExportOptions): Promise<ExportReport> {
    return guard(() => this.#bridge.exportJsonl(target, confinedSearch(options, this.namespace)));
  }

  /** As {@link FluoriteBridge.importJsonl}: a line that names another namespace is bad. */
  importJsonl(source: string | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>, options?: ImportOptions): Promise<ImportReport> {
    return guard(() => this.#bridge.importJsonl(source, confined(options, this.namespace, 'options') as ImportOptions));
  }

  /** As {@link FluoriteBridge.events}: events of the namespace, and those about the store itself. */
  events(options?: EventOptions): AsyncIterableIterator<FluoriteEvent> {
    try {
      return this.#bridge.events(confined(options, this.namespace, 'options') as EventOptions);
    } catch (e) {
      return failing(e);
    }
  }

  #id(options: IdOptions | undefined): IdOptions {
    return confined(options, this.namespace, 'options') as IdOptions;
  }

  /** The same source with the namespace in every chunk; arrays stay arrays, so that their length is known. */
  #confinedChunks(chunks: unknown): readonly ChunkInput[] | AsyncIterable<ChunkInput> {
    const { namespace } = this;
    try {
      if (Array.isArray(chunks)) return (chunks as ChunkInput[]).map((chunk) => confinedItem(chunk, namespace, 'chunk'));
      const source = chunks as Partial<AsyncIterable<ChunkInput> & Iterable<ChunkInput>> | null | undefined;
      const readable = typeof source === 'object' && source !== null && (source[Symbol.asyncIterator] ?? source[Symbol.iterator]) !== undefined;
      if (!readable) return chunks as readonly ChunkInput[]; // the engine's to refuse
    } catch (e) {
      throw inputError('chunks', e);
    }
    return (async function* () {
      for await (const chunk of chunks as AsyncIterable<ChunkInput>) yield confinedItem(chunk, namespace, 'chunk');
    })();
  }
}

/** Wrong options reject the first `next`, as those of the bridge do. */
async function* failing(e: unknown): AsyncGenerator<never> {
  throw e;
}
