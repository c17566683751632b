import {
  BaseStore, validateNamespace, type GetOperation, type Item, type ListNamespacesOperation, type Operation, type OperationResults,
  type PutOperation, type SearchItem, type SearchOperation,
} from '@langchain/langgraph-checkpoint';

import type { Chunk, ChunkInput, EitherCase, FluoriteBridge, SearchFilter } from '../index.js';
import { checkOptions, valueOf } from './check.js';
import { equalities, meets, type ItemFilter } from './filter.js';
import { selectNamespaces } from './namespaces.js';
import { below, idOf, placeOf, tagsOf, UNINDEXED } from './place.js';
import { textOf } from './texts.js';
import { inTurns } from './turns.js';
import { fromMetadata, memberOf, toMetadata } from './value.js';

/** Hits looked at for one search; the engine finds no more. */
const MOST_HITS = 1_000;
/** Chunks of one atomic batch; the engine takes no more. */
const ATOMIC = 10_000;

/** Options of {@link FluoriteStore}. */
export type FluoriteStoreOptions = EitherCase<{
  /** Namespace of the bridge that holds all items: `langgraph`. */
  namespace?: string;
  /** What of a value is searched by `query`: paths as `title`, `a.b`, `a[0]`, `a[*]`, `{a,b}`; `['$']`, the whole value, when absent. */
  fields?: string[];
  /** How `query` searches: `vector` with a model (`score` is the cosine), `lexical` without, when absent; `hybrid` finds exact words as well. */
  mode?: 'vector' | 'lexical' | 'hybrid';
}>;

/**
 * A LangGraph store that lasts: items are chunks of an open bridge, which stays the caller's to close. A `put` is durable when it
 * resolves. Values are JSON objects of up to 16 MiB; namespace and key together have at most 1,024 bytes as JSON.
 *
 * All puts of one `batch` are one atomic batch (more than 10,000 are several, one after another); deletes follow one by one. `search` without a query lists
 * in the order items were last put; with a query it finds among the best 1,000, then lists items put with `index: false`. A query of
 * white space alone is `INVALID_ARGUMENT`, an empty one is none.
 * `listNamespaces` reads all items. Errors are `FluoriteError`s, but for namespaces that LangGraph refuses; what is no JSON object
 * is `INVALID_ARGUMENT` before anything of the batch has begun.
 *
 * @example
 * const store = new FluoriteStore(await FluoriteBridge.open({ memory_path: './memory' }));
 * await store.put(['users', 'ann'], 'drink', { text: 'prefers tea' });
 * const [best] = await store.search(['users'], { query: 'what does Ann like to drink?' });
 */
export class FluoriteStore extends BaseStore {
  readonly #bridge: FluoriteBridge;
  readonly #namespace: string;
  readonly #fields: readonly string[];
  #mode: 'vector' | 'lexical' | 'hybrid' | undefined;

  /**
   * A LangGraph store in a namespace of ours.
   *
   * @param bridge - an open store.
   * @param options - `INVALID_ARGUMENT` for what is not one.
   */
  constructor(bridge: FluoriteBridge, options: FluoriteStoreOptions = {}) {
    super();
    checkOptions(options);
    const { namespace = 'langgraph', fields = ['$'], mode } = options;
    this.#bridge = bridge;
    this.#namespace = namespace;
    this.#fields = [...fields];
    this.#mode = mode;
  }

  /** Runs operations together: reads see what was there before, then the last put of every item counts. */
  async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const puts = new Map<string, Kept>();
    for (const op of operations) if ('namespace' in op) validateNamespace(op.namespace, { allowReservedRoot: true });
    for (const op of operations) if (isPut(op)) puts.set(idOf(op.namespace, op.key), { ...op, value: valueOf(op) });
    const results = await inTurns<Operation, unknown>(operations, (op) => {
      if ('namespacePrefix' in op) return this.#search(op);
      if (!('namespace' in op)) return this.#list(op);
      return isPut(op) ? null : this.#get(op);
    });
    await this.#put([...puts.values()]);
    return results as OperationResults<Op>;
  }

  async #get({ namespace, key }: GetOperation): Promise<Item | null> {
    const chunk = await this.#bridge.getChunk(idOf(namespace, key), { namespace: this.#namespace });
    return chunk === null ? null : (itemOf(chunk) ?? null);
  }

  async #put(operations: Kept[]): Promise<void> {
    const chunks = operations.flatMap((op) => (op.value === null ? [] : [this.#chunk(op, op.value)]));
    for (let from = 0; from < chunks.length; from += ATOMIC) await this.#bridge.storeChunks(chunks.slice(from, from + ATOMIC), { atomic: true, auto_split: false });
    const gone = operations.filter((op) => op.value === null);
    await inTurns(gone, (op) => this.#bridge.deleteChunk(idOf(op.namespace, op.key), { namespace: this.#namespace }));
  }

  #chunk({ namespace, key, index }: Kept, value: Record<string, unknown>): ChunkInput {
    const content = index === false ? '' : textOf(value, index ?? this.#fields);
    const tags = [...tagsOf(namespace), ...(content === '' ? [UNINDEXED] : [])];
    return { id: idOf(namespace, key), namespace: this.#namespace, content, tags, metadata: toMetadata(value), chunk_type: 'thought' };
  }

  async #search({ namespacePrefix, filter, limit = 10, offset: skipped = 0, query }: SearchOperation): Promise<SearchItem[]> {
    const offset = Math.max(0, skipped);
    if (namespacePrefix.length > 0) validateNamespace(namespacePrefix, { allowReservedRoot: true });
    if (!query) return this.#page(namespacePrefix, filter, [], offset, limit);
    const found = await this.#ranked(namespacePrefix, filter, query, offset + limit);
    const hits = found.slice(offset, offset + limit);
    if (hits.length === limit) return hits;
    const rest = await this.#page(namespacePrefix, filter, [UNINDEXED], Math.max(0, offset - found.length), limit - hits.length);
    return [...hits, ...rest];
  }

  /** Items as listed, the first `offset` left out. */
  async #page(prefix: string[], filter: ItemFilter, tags: string[], offset: number, limit: number): Promise<SearchItem[]> {
    const items: SearchItem[] = [];
    let skip = offset;
    if (limit <= 0) return items;
    for await (const chunk of this.#bridge.listChunks({ filter: this.#filter(prefix, filter, { all: tags }) })) {
      const item = itemOf(chunk);
      if (item === undefined || !meets(item.value, filter) || skip-- > 0) continue;
      items.push(item);
      if (items.length === limit) break;
    }
    return items;
  }

  /** The best items for a query that meet the filter. */
  async #ranked(prefix: string[], filter: ItemFilter, query: string, wanted: number): Promise<SearchItem[]> {
    const decided = Object.keys(equalities(filter)).length === Object.keys(filter ?? {}).length;
    const hits = await this.#bridge.searchSimilar(query, {
      mode: (this.#mode ??= (await this.#bridge.getStats()).model.enabled ? 'vector' : 'lexical'),
      limit: decided && wanted <= MOST_HITS ? wanted : MOST_HITS,
      filter: this.#filter(prefix, filter, { none: [UNINDEXED] }),
      fields: ['metadata', 'created_at', 'updated_at'],
    });
    const items = hits.flatMap((hit) => {
      const item = itemOf(hit);
      return item !== undefined && meets(item.value, filter) ? [{ ...item, score: hit.score }] : [];
    });
    return items.slice(0, wanted);
  }

  /** Reads every item of the store. */
  async #list(operation: ListNamespacesOperation): Promise<string[][]> {
    const all: string[][] = [];
    for await (const chunk of this.#bridge.listChunks({ filter: { namespace: this.#namespace } })) {
      const place = placeOf(chunk.id);
      if (place) all.push(place.namespace);
    }
    return selectNamespaces(all, operation);
  }

  #filter(prefix: string[], filter: ItemFilter, tags: { all?: string[]; none?: string[] }): SearchFilter {
    const all = [...(tags.all ?? []), ...(prefix.length > 0 ? [below(prefix)] : [])];
    const metadata = Object.fromEntries(Object.entries(equalities(filter)).map(([key, scalar]) => [memberOf(key), scalar]));
    return {
      namespace: this.#namespace,
      tags: { all, none: tags.none ?? [] },
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    };
  }
}

/** A put with its value as it is kept. */
type Kept = Omit<PutOperation, 'value'> & { value: Record<string, unknown> | null };

function isPut(op: Operation): op is PutOperation {
  return 'namespace' in op && 'value' in op;
}

function itemOf(chunk: Pick<Chunk, 'id' | 'metadata' | 'created_at' | 'updated_at'>): Item | undefined {
  const place = placeOf(chunk.id);
  return place && { ...place, value: fromMetadata(chunk.metadata), createdAt: new Date(chunk.created_at), updatedAt: new Date(chunk.updated_at) };
}
