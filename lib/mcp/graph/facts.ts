import type { ChunkInput, FluoriteBridge, SearchFilter } from '../../index.js';
import { factId, toChunk, toFact, type Fact } from './records.js';

/** Chunks of one atomic batch; the engine takes no more. */
const BATCH = 10_000;

/** The facts of a graph in a namespace of a store. */
export class Facts {
  readonly #bridge: FluoriteBridge;
  readonly #namespace: string;

  /** @param namespace - for these facts alone. */
  constructor(bridge: FluoriteBridge, namespace: string) {
    this.#bridge = bridge;
    this.#namespace = namespace;
  }

  /** Is each of these stored? */
  async known(facts: readonly Fact[]): Promise<boolean[]> {
    if (facts.length === 0) return [];
    const found = await this.#bridge.getChunks(facts.map((f) => factId(f)), { namespace: this.#namespace });
    return found.map((chunk) => chunk !== null);
  }

  /** Stores groups of facts in one batch, or in several that end between groups where they can. Equal facts of a group are kept apart. */
  async store(groups: readonly (readonly Fact[])[]): Promise<void> {
    let batch: ChunkInput[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await this.#bridge.storeChunks(batch, { atomic: true, auto_split: false });
      batch = [];
    };
    for (const group of groups) {
      if (batch.length + group.length > BATCH) await flush();
      for (const chunk of this.#chunks(group)) {
        batch.push(chunk);
        if (batch.length === BATCH) await flush();
      }
    }
    await flush();
  }

  /** Deletes all facts with one of these tags, in one batch; how many there were. */
  async delete(tags: readonly string[]): Promise<number> {
    return tags.length === 0 ? 0 : this.#bridge.deleteWhere({ namespace: this.#namespace, tags: { any: [...tags] } });
  }

  /** Facts with one of these tags, or all, oldest first. */
  async *read(tags: readonly string[] | undefined, signal: AbortSignal | undefined): AsyncGenerator<Fact> {
    const filter: SearchFilter = { namespace: this.#namespace, ...(tags === undefined ? {} : { tags: { any: [...tags] } }) };
    for await (const { metadata } of this.#bridge.listChunks({ filter, signal })) {
      const fact = toFact(metadata);
      if (fact) yield fact;
    }
  }

  #chunks(facts: readonly Fact[]): ChunkInput[] {
    const seen = new Map<string, number>();
    return facts.map((fact) => {
      const id = factId(fact);
      const copy = seen.get(id) ?? 0;
      seen.set(id, copy + 1);
      return toChunk(fact, this.#namespace, copy);
    });
  }
}
