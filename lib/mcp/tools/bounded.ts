import { z } from 'zod';

import type { Core } from '../core.js';
import type { Entity, Graph, Relation } from '../graph/index.js';

/** What of a graph did not fit; absent when all did. */
export const truncated = z.object({ entities: z.number().int(), observations: z.number().int(), relations: z.number().int() })
  .describe('How much was left out to stay within the bound of tokens: ask for less with search_nodes or open_nodes').optional();

/** A graph that fits. */
export interface Bounded extends Graph {
  truncated?: { entities: number; observations: number; relations: number };
}

/** JSON as the reference server writes it. */
export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** Tokens of what stands around the lists. */
const FRAME = 96;

/** Items counted before others get a turn: counting holds the thread. */
const TURN = 32;

/** The start of a graph, within the server's bound: entities first, a quarter of the room kept for relations when there are any. */
export async function bounded(core: Core, graph: Graph): Promise<Bounded> {
  const forRelations = graph.relations.length === 0 ? 0 : core.most_tokens / 4;
  const room = new Room(core, core.most_tokens - FRAME - forRelations);
  const entities: Entity[] = [];
  for (const [i, entity] of graph.entities.entries()) {
    if (i % TURN === TURN - 1) await new Promise(setImmediate);
    const taken = room.take(entity) ? entity : startOf(room, entity);
    if (taken) entities.push(taken);
    if (taken !== entity) break;
  }
  room.left = Math.max(room.left, 0) + forRelations;
  const relations: Relation[] = [];
  for (const [i, relation] of graph.relations.entries()) {
    if (i % TURN === TURN - 1) await new Promise(setImmediate);
    if (!room.take(relation)) break;
    relations.push(relation);
  }
  const count = (list: readonly Entity[]): number => list.reduce((sum, e) => sum + e.observations.length, 0);
  const truncated = {
    entities: graph.entities.length - entities.length, observations: count(graph.entities) - count(entities), relations: graph.relations.length - relations.length,
  };
  return truncated.entities + truncated.observations + truncated.relations === 0 ? graph : { entities, relations, truncated };
}

/** An entity with its first observations that fit; `undefined` when not even its name does. */
function startOf(room: Room, entity: Entity): Entity | undefined {
  if (!room.take({ ...entity, observations: [] })) return undefined;
  const cut = entity.observations.findIndex((observation) => !room.take([observation]));
  return { ...entity, observations: entity.observations.slice(0, cut === -1 ? undefined : cut) };
}

/**
 * What is left of a bound. Tokens of JSON add up, because the tokenizer parts words at every mark: items are counted one by one,
 * and what they add up to is not counted again.
 */
class Room {
  readonly #core: Core;
  /** Tokens left. */
  left: number;

  constructor(core: Core, tokens: number) {
    this.#core = core;
    this.left = tokens;
  }

  /** Takes the room an item needs in a list; false when there is not as much. */
  take(item: unknown): boolean {
    const text = pretty({ _: [item] }); // with the indentation it has there; its own frame stands for the comma
    const { cost, least } = this.#core.budget.weigh(text, this.left);
    if (cost > this.left) return false;
    this.left -= Math.max(cost - SPARE, least);
    return true;
  }
}

/** Tokens of `{ "_": [] }` and the tokenizer's own two, without one for a comma. */
const SPARE = 9;
