import {
  BaseStore, validateNamespace, type GetOperation, type Item, type ListNamespacesOperation, type Operation, type OperationResults,
  type PutOperation, type SearchItem, type SearchOperation,
} from '@langchain/langgraph-checkpoint';

import type { Chunk, ChunkInput, EitherCase, FluoriteBridge, SearchFilter } from '../index.js';
import { equalities, meets, type ItemFilter } from './filter.js';
import { selectNamespaces } from './namespaces.js';
import { below, idOf, placeOf, tagsOf, UNINDEXED } from './place.js';
import { textOf } from './texts.js';

/** Hits looked at for one search; the engine finds no more. */
const MOST_HITS = 1_000;

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
 * All puts of one `batch` are one atomic batch (of at most 10,000 items); deletes follow one by one. `search` without a query lists
 * in the order items were last put; with a query it finds among the best 1,000, then lists items put with `index: false`.
 * `listNamespaces` reads all items. Errors of the engine are `FluoriteError`s.
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
   */
  constructor(bridge: FluoriteBridge, { namespace = 'langgraph', fields = ['$'], mode }: FluoriteStoreOptions = {}) {
    super();
    this.#bridge = bridge;
    this.#namespace = namespace;
    this.#fields = fields;
    this.#mode = mode;
  }

  /** Runs operations together: reads see what was there before, then the last put of every item counts. */
  async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const puts = new Map<string, PutOperation>();
    for (const op of operations) if ('namespace' in op) validateNamespace(op.namespace, { allowReservedRoot: true });
    const reads = operations.map((op) => {
      if ('namespacePrefix' in op) return this.#search(op);
      if (!('namespace' in op)) return this.#list(op);
      if (!('value' in op)) return this.#get(op);
      puts.set(idOf(op.namespace, op.key), op);
      return null;
    });
    const results = await Promise.all(reads);
    await this.#put([...puts.values()]);
    return results as OperationResults<Op>;
  }

  async #get({ namespace, key }: GetOperation): Promise<Item | null> {
    const chunk = await this.#bridge.getChunk(idOf(namespace, key), { namespace: this.#namespace });
    return chunk === null ? null : (itemOf(chunk) ?? null);
  }

  async #put(operations: PutOperation[]): Promise<void> {
    const chunks = operations.flatMap((op) => (op.value === null ? [] : [this.#chunk(op, op.value)]));
    if (chunks.length > 0) await this.#bridge.storeChunks(chunks, { atomic: true });
    const gone = operations.filter((op) => op.value === null);
    await Promise.all(gone.map((op) => this.#bridge.deleteChunk(idOf(op.namespace, op.key), { namespace: this.#namespace })));
  }

  #chunk({ namespace, key, index }: PutOperation, given: Record<string, unknown>): ChunkInput {
    const value = JSON.parse(JSON.stringify(given)) as Record<string, unknown>; // what JSON cannot say is settled here, not in the engine
    const content = index === false ? '' : textOf(value, index ?? this.#fields);
    const tags = [...tagsOf(namespace), ...(content === '' ? [UNINDEXED] : [])];
    return { id: idOf(namespace, key), namespace: this.#namespace, content, tags, metadata: value, chunk_type: 'thought' };
  }

  async #search({ namespacePrefix, filter, limit = 10, offset = 0, query }: SearchOperation): Promise<SearchItem[]> {
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
    const metadata = equalities(filter);
    return {
      namespace: this.#namespace,
      tags: { all, none: tags.none ?? [] },
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    };
  }
}

function itemOf(chunk: Pick<Chunk, 'id' | 'metadata' | 'created_at' | 'updated_at'>): Item | undefined {
  const place = placeOf(chunk.id);
  return place && { ...place, value: chunk.metadata, createdAt: new Date(chunk.created_at), updatedAt: new Date(chunk.updated_at) };
}
