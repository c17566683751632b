import type { FluoriteBridge } from '../../index.js';
import { RELATION, toFact, type Entity } from './records.js';

/** Cosine from which on a fact counts as near in meaning; unrelated short texts lie below. */
const NEAR = 0.35;
/** Facts looked at for nearness. */
const NEAREST = 20;

/** Names of entities with a fact near in meaning, nearest first. Needs the model. */
export async function nearNames(bridge: FluoriteBridge, namespace: string, query: string, signal?: AbortSignal): Promise<string[]> {
  const hits = await bridge.searchSimilar(query, {
    mode: 'vector', limit: NEAREST, min_score: NEAR, fields: ['metadata'], filter: { namespace, tags: { none: [RELATION] } }, signal,
  });
  return hits.flatMap((hit) => {
    const fact = toFact(hit.metadata);
    return fact?.kind === 'entity' ? [fact.name] : fact?.kind === 'observation' ? [fact.entity] : [];
  });
}

/** Entities that hold the whole query, case aside; then those that hold all its words. */
export function literal(entities: readonly Entity[], query: string): Entity[] {
  const whole = query.toLowerCase();
  const words = wordsOf(whole);
  const [first, second]: [Entity[], Entity[]] = [[], []];
  for (const entity of entities) {
    const fields = [entity.name, entity.entityType, ...entity.observations].map((field) => field.toLowerCase());
    if (fields.some((field) => field.includes(whole))) first.push(entity);
    else if (words.length > 1 && words.every((word) => fields.some((field) => field.includes(word)))) second.push(entity);
  }
  return [...first, ...second];
}

/** Is meaning worth asking? Not for one word that was found: everything of its kind would be near a name. */
export function asksForMeaning(query: string, found: readonly Entity[]): boolean {
  const words = wordsOf(query).length;
  return words > 1 || (words === 1 && found.length === 0);
}

/** The words of a text; what nobody sees (zero-width characters) is none. */
function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => !/^[\p{C}\p{Default_Ignorable_Code_Point}\u2800]*$/u.test(word));
}
