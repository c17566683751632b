import { FluoriteError, type Chunk, type ChunkInput, type FluoriteBridge, type SearchFilter } from '../../index.js';
import { printable } from '../text.js';
import { exclusively } from './locks.js';
import { factId, factTag, nodeTag, toChunk, toFact, toGraph, type Entity, type Fact, type Graph, type Relation } from './records.js';
import { asksForMeaning, literal, nearNames } from './search.js';

/** Chunks of one atomic batch; the engine takes no more. */
const BATCH = 10_000;

/**
 * A knowledge graph in a namespace of a store: the nine operations of the reference memory server.
 *
 * Mutations of one entity run one after another in the order of the calls, whoever calls; those of different entities run side
 * by side. Each is one atomic batch (of up to 10,000 facts) and durable when it resolves. Control characters in what is given are
 * written out as in {@link printable}, on the way in, so that what is read can be given back.
 */
export class KnowledgeGraph {
  readonly #bridge: FluoriteBridge;
  /** Where the chunks are. */
  readonly namespace: string;
  readonly #listeners = new Set<() => void>();
  #model: boolean | undefined;

  /** @param bridge - an open store. @param namespace - for the graph alone. */
  constructor(bridge: FluoriteBridge, namespace = 'knowledge-graph') {
    this.#bridge = bridge;
    this.namespace = namespace;
  }

  /** Calls `listener` after every mutation, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Creates entities whose name is new and returns those; of equal names in one call the first counts. */
  createEntities(entities: readonly Entity[]): Promise<Entity[]> {
    const given = unique(clean(entities), (e) => e.name);
    return this.#mutate(given.map((e) => e.name), async () => {
      const known = await this.#known(given.map((e) => ({ kind: 'entity', name: e.name, entityType: e.entityType })));
      const created = given.filter((_, i) => !known[i]);
      await this.#store(created.map((e) => [
        toChunk({ kind: 'entity', name: e.name, entityType: e.entityType }, this.namespace),
        ...this.#observations(e.name, e.observations),
      ]));
      return created;
    });
  }

  /** Creates relations that are new and returns those. Their ends need not exist. */
  createRelations(relations: readonly Relation[]): Promise<Relation[]> {
    const given = unique(clean(relations), (r) => JSON.stringify([r.from, r.to, r.relationType]));
    return this.#mutate(given.flatMap((r) => [r.from, r.to]), async () => {
      const known = await this.#known(given.map((r) => ({ kind: 'relation', ...r })));
      const created = given.filter((_, i) => !known[i]);
      await this.#store(created.map((r) => [toChunk({ kind: 'relation', ...r }, this.namespace)]));
      return created;
    });
  }

  /** Adds observations that an entity does not have yet and returns those. Nothing is stored when an entity is missing: `NOT_FOUND`. */
  addObservations(additions: readonly { entityName: string; contents: readonly string[] }[]): Promise<{ entityName: string; addedObservations: string[] }[]> {
    const given = clean(additions);
    return this.#mutate(given.map((a) => a.entityName), async () => {
      const entities = await this.#known(given.map((a) => ({ kind: 'entity', name: a.entityName, entityType: '' })));
      const missing = given.find((_, i) => !entities[i]);
      if (missing) throw new FluoriteError('NOT_FOUND', `Entity with name ${missing.entityName} not found: create it with create_entities first`);
      const facts = given.flatMap((a) => a.contents.map((text): Fact => ({ kind: 'observation', entity: a.entityName, text })));
      const known = await this.#known(facts);
      const present = new Set(facts.filter((_, i) => known[i]).map((f) => factId(f)));
      const results = given.map(({ entityName, contents }) => {
        const ids = contents.map((text) => factId({ kind: 'observation', entity: entityName, text }));
        const addedObservations = contents.filter((_, i) => !present.has(ids[i] as string));
        for (const id of ids) present.add(id);
        return { entityName, addedObservations };
      });
      await this.#store(results.map((r) => this.#observations(r.entityName, r.addedObservations)));
      return results;
    });
  }

  /** Deletes entities with their observations and every relation that names them, in one batch. Unknown names are no error. */
  deleteEntities(names: readonly string[]): Promise<void> {
    const given = clean(names);
    return this.#mutate(given, () => this.#delete(given.map(nodeTag)));
  }

  /** Deletes observations by their text. Unknown entities and texts are no error. */
  deleteObservations(deletions: readonly { entityName: string; observations: readonly string[] }[]): Promise<void> {
    const given = clean(deletions);
    const facts = given.flatMap((d) => d.observations.map((text): Fact => ({ kind: 'observation', entity: d.entityName, text })));
    return this.#mutate(given.map((d) => d.entityName), () => this.#delete(facts.map(factTag)));
  }

  /** Deletes relations. Unknown ones are no error. */
  deleteRelations(relations: readonly Relation[]): Promise<void> {
    const given = clean(relations);
    const tags = given.map((r) => factTag({ kind: 'relation', ...r }));
    return this.#mutate(given.flatMap((r) => [r.from, r.to]), () => this.#delete(tags));
  }

  /** The whole graph. Reads every chunk of the namespace. */
  readGraph(signal?: AbortSignal): Promise<Graph> {
    return this.#read({}, signal);
  }

  /** These entities, and the relations at either end of one. */
  async openNodes(names: readonly string[], signal?: AbortSignal): Promise<Graph> {
    const wanted = new Set(clean(names));
    if (wanted.size === 0) return { entities: [], relations: [] };
    const { entities, relations } = await this.#read({ tags: { any: [...wanted].map(nodeTag) } }, signal);
    const found = entities.filter((e) => wanted.has(e.name));
    const open = new Set(found.map((e) => e.name));
    return { entities: found, relations: relations.filter((r) => open.has(r.from) || open.has(r.to)) };
  }

  /**
   * Entities that match, and the relations at either end of one. First those with the whole query in their name, type or an
   * observation (case aside), oldest first; then those with all its words; then those near in meaning, nearest first, unless the
   * query is one word that was found. Reads every chunk of the namespace.
   */
  async searchNodes(query: string, signal?: AbortSignal): Promise<Graph> {
    const asked = printable(query);
    const { entities, relations } = await this.readGraph(signal);
    const found = new Set(literal(entities, asked));
    if (asksForMeaning(asked, [...found]) && (await this.#hasModel())) {
      const byName = new Map(entities.map((e) => [e.name, e]));
      for (const name of await nearNames(this.#bridge, this.namespace, asked, signal)) {
        const entity = byName.get(name);
        if (entity) found.add(entity);
      }
    }
    const names = new Set([...found].map((e) => e.name));
    return { entities: [...found], relations: relations.filter((r) => names.has(r.from) || names.has(r.to)) };
  }

  async #mutate<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const result = await exclusively(names.map((name) => `${this.namespace}\0${name}`), work);
    for (const listener of this.#listeners) listener();
    return result;
  }

  async #hasModel(): Promise<boolean> {
    return (this.#model ??= (await this.#bridge.getStats()).model.enabled);
  }

  /** Is each of these facts stored? */
  async #known(facts: readonly Fact[]): Promise<boolean[]> {
    if (facts.length === 0) return [];
    const found = await this.#bridge.getChunks(facts.map((f) => factId(f)), { namespace: this.namespace });
    return found.map((chunk) => chunk !== null);
  }

  #observations(entity: string, texts: readonly string[]): ChunkInput[] {
    const seen = new Map<string, number>();
    return texts.map((text) => {
      const copy = seen.get(text) ?? 0;
      seen.set(text, copy + 1);
      return toChunk({ kind: 'observation', entity, text }, this.namespace, copy);
    });
  }

  /** Stores groups of chunks; a batch ends between groups where it can. */
  async #store(groups: readonly ChunkInput[][]): Promise<void> {
    let batch: ChunkInput[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await this.#bridge.storeChunks(batch, { atomic: true });
      batch = [];
    };
    for (const group of groups) {
      if (batch.length + group.length > BATCH) await flush();
      for (const chunk of group) {
        batch.push(chunk);
        if (batch.length === BATCH) await flush();
      }
    }
    await flush();
  }

  async #delete(tags: readonly string[]): Promise<void> {
    if (tags.length > 0) await this.#bridge.deleteWhere({ namespace: this.namespace, tags: { any: [...tags] } });
  }

  async #read(filter: SearchFilter, signal: AbortSignal | undefined): Promise<Graph> {
    const facts: Fact[] = [];
    const chunks: AsyncIterable<Chunk> = this.#bridge.listChunks({ filter: { ...filter, namespace: this.namespace } as SearchFilter, signal });
    for await (const chunk of chunks) {
      const fact = toFact(chunk.metadata);
      if (fact) facts.push(fact);
    }
    return toGraph(facts);
  }
}

/** A copy in which every string is printable. */
function clean<T>(value: T): T {
  if (typeof value === 'string') return printable(value) as T;
  if (Array.isArray(value)) return value.map(clean) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, clean(v)])) as T;
}

function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  const byKey = new Map<string, T>();
  for (const item of items) if (!byKey.has(key(item))) byKey.set(key(item), item);
  return [...byKey.values()];
}
