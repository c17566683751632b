import type { FluoriteBridge } from '../../index.js';
import { printable, printableDeep } from '../text.js';
import { ToldError } from '../told.js';
import { Facts } from './facts.js';
import { exclusively } from './locks.js';
import { factId, factTag, namesOf, nodeTag, toGraph, type Entity, type Fact, type Graph, type Relation } from './records.js';
import { asksForMeaning, literal, nearNames } from './search.js';

/** Names up to which facts are found by their tags: every page of a listing looks up all tags, so many cost more than all facts. */
const MOST_NAMED = 1_000;

/** What was new of an entity. */
export interface AddedObservations {
  /** Name of the entity. */
  entityName: string;
  /** The observations it did not have. */
  addedObservations: string[];
}

/**
 * A knowledge graph in a namespace of a store: the nine operations of the reference memory server.
 *
 * Mutations of one entity run one after another in the order of the calls, whoever calls; those of different entities run side
 * by side. Each is one atomic batch (of up to 10,000 facts) and durable when it resolves. Control characters in what is given are
 * written out (`\u001b`) on the way in, so that what is read can be given back.
 */
export class KnowledgeGraph {
  readonly #bridge: FluoriteBridge;
  readonly #facts: Facts;
  /** Where the chunks are. */
  readonly namespace: string;
  readonly #listeners = new Set<() => void>();
  #model: boolean | undefined;

  /**
   * The graph in a namespace.
   *
   * @param bridge - an open store.
   * @param namespace - for the graph alone.
   */
  constructor(bridge: FluoriteBridge, namespace = 'knowledge-graph') {
    this.#bridge = bridge;
    this.#facts = new Facts(bridge, namespace);
    this.namespace = namespace;
  }

  /** Calls `listener` after every mutation that changed something, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the listeners that something has changed. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Creates entities whose name is new and returns those; of equal names in one call the first counts. */
  createEntities(entities: readonly Entity[]): Promise<Entity[]> {
    const given = unique(clean(entities), (e) => e.name);
    return this.#mutate(given.map((e) => e.name), async () => {
      const known = await this.#facts.known(given.map(entityFact));
      const created = given.filter((_, i) => !known[i]);
      await this.#facts.store(created.map((e) => [entityFact(e), ...e.observations.map((text) => observation(e.name, text))]));
      return { changed: created.length, result: created };
    });
  }

  /** Creates relations that are new and returns those. Their ends need not exist. */
  createRelations(relations: readonly Relation[]): Promise<Relation[]> {
    const given = unique(clean(relations), (r) => JSON.stringify([r.from, r.to, r.relationType]));
    return this.#mutate(given.flatMap((r) => [r.from, r.to]), async () => {
      const known = await this.#facts.known(given.map(relationFact));
      const created = given.filter((_, i) => !known[i]);
      await this.#facts.store(created.map((r) => [relationFact(r)]));
      return { changed: created.length, result: created };
    });
  }

  /** Adds observations that an entity does not have yet and returns those. Nothing is stored when an entity is missing: `NOT_FOUND`. */
  addObservations(additions: readonly { entityName: string; contents: readonly string[] }[]): Promise<AddedObservations[]> {
    const given = clean(additions);
    return this.#mutate(given.map((a) => a.entityName), async () => {
      const entities = await this.#facts.known(given.map((a) => entityFact({ name: a.entityName, entityType: '' })));
      const missing = given.find((_, i) => !entities[i]);
      if (missing) throw new ToldError('NOT_FOUND', `Entity with name ${missing.entityName} not found: create it with create_entities first`);
      const facts = given.flatMap((a) => a.contents.map((text) => observation(a.entityName, text)));
      const known = await this.#facts.known(facts);
      const present = new Set(facts.filter((_, i) => known[i]).map((f) => factId(f)));
      const results = given.map(({ entityName, contents }) => {
        const ids = contents.map((text) => factId(observation(entityName, text)));
        const addedObservations = contents.filter((_, i) => !present.has(ids[i] as string));
        for (const id of ids) present.add(id);
        return { entityName, addedObservations };
      });
      const added = results.map((r) => r.addedObservations.map((text) => observation(r.entityName, text)));
      await this.#facts.store(added);
      return { changed: added.flat().length, result: results };
    });
  }

  /** Deletes entities with their observations and every relation that names them, in one batch. Unknown names are no error. */
  deleteEntities(names: readonly string[]): Promise<void> {
    const given = clean(names);
    return this.#delete(given, given.map(nodeTag));
  }

  /** Deletes observations by their text. Unknown entities and texts are no error. */
  deleteObservations(deletions: readonly { entityName: string; observations: readonly string[] }[]): Promise<void> {
    const given = clean(deletions);
    const tags = given.flatMap((d) => d.observations.map((text) => factTag(observation(d.entityName, text))));
    return this.#delete(given.map((d) => d.entityName), tags);
  }

  /** Deletes relations. Unknown ones are no error. */
  deleteRelations(relations: readonly Relation[]): Promise<void> {
    const given = clean(relations);
    return this.#delete(given.flatMap((r) => [r.from, r.to]), given.map((r) => factTag(relationFact(r))));
  }

  /** The whole graph. Reads every fact. */
  readGraph(signal?: AbortSignal): Promise<Graph> {
    return toGraph(this.#facts.read(undefined, signal));
  }

  /** These entities, and the relations at either end of one. Cost: their facts; of more than 1,000 names, one pass over every fact. */
  async openNodes(names: readonly string[], signal?: AbortSignal): Promise<Graph> {
    const wanted = new Set(clean(names));
    if (wanted.size === 0) return { entities: [], relations: [] };
    const facts = wanted.size > MOST_NAMED ? touching(wanted, this.#facts.read(undefined, signal)) : this.#facts.read([...wanted].map(nodeTag), signal);
    const { entities, relations } = await toGraph(facts);
    return around(entities.filter((e) => wanted.has(e.name)), relations);
  }

  /**
   * Entities that match, and the relations at either end of one. First those with the whole query in their name, type or an
   * observation (case aside), oldest first; then those with all its words; then those near in meaning, nearest first, unless the
   * query is one word that was found. Reads every fact.
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
    return around([...found], relations);
  }

  /** Runs `work`, which says how many facts it changed. */
  async #mutate<T>(names: readonly string[], work: () => Promise<{ changed: number; result: T }>): Promise<T> {
    const { changed, result } = await exclusively(names.map((name) => `${this.namespace}\0${name}`), work);
    if (changed > 0) this.changed();
    return result;
  }

  #delete(names: readonly string[], tags: readonly string[]): Promise<void> {
    return this.#mutate(names, async () => ({ changed: await this.#facts.delete(tags), result: undefined }));
  }

  async #hasModel(): Promise<boolean> {
    return (this.#model ??= (await this.#bridge.getStats()).model.enabled);
  }
}

const entityFact = ({ name, entityType }: Pick<Entity, 'name' | 'entityType'>): Fact => ({ kind: 'entity', name, entityType });
const relationFact = ({ from, to, relationType }: Relation): Fact => ({ kind: 'relation', from, to, relationType });
const observation = (entity: string, text: string): Fact => ({ kind: 'observation', entity, text });

/** Entities and the relations at either end of one. */
function around(entities: Entity[], relations: readonly Relation[]): Graph {
  const names = new Set(entities.map((e) => e.name));
  return { entities, relations: relations.filter((r) => names.has(r.from) || names.has(r.to)) };
}

/** The facts that name one of these entities. */
async function* touching(names: ReadonlySet<string>, facts: AsyncIterable<Fact>): AsyncGenerator<Fact> {
  for await (const fact of facts) if (namesOf(fact).some((name) => names.has(name))) yield fact;
}

/** A copy in which every string is printable. */
function clean<T>(value: T): T {
  return printableDeep(value) as T;
}

function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  const byKey = new Map<string, T>();
  for (const item of items) if (!byKey.has(key(item))) byKey.set(key(item), item);
  return [...byKey.values()];
}
