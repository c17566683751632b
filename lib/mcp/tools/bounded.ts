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

/** The start of a graph, within the server's bound: entities first, a quarter of the room kept for relations when there are any. */
export function bounded(core: Core, graph: Graph): Bounded {
  if (core.budget.fits(pretty(graph), core.most_tokens)) return graph;
  return core.budget.shrink(core.most_tokens, (bound) => fitting(core, graph, bound), pretty);
}

/** JSON as the reference server writes it. */
export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** What stands around the lists. */
const FRAME = 48;

function fitting(core: Core, graph: Graph, bound: number): Bounded {
  const forRelations = graph.relations.length === 0 ? 0 : bound / 4;
  let left = bound - FRAME - forRelations;
  const entities: Entity[] = [];
  for (const entity of graph.entities) {
    const whole = pretty(entity);
    if (core.budget.fits(whole, left)) {
      left -= core.budget.cost(whole);
      entities.push(entity);
      continue;
    }
    const some = startOf(core, entity, left);
    if (some) {
      left = 0;
      entities.push(some);
    }
    break;
  }
  left += forRelations;
  const relations: Relation[] = [];
  for (const relation of graph.relations) {
    const text = pretty(relation);
    if (!core.budget.fits(text, left)) break;
    left -= core.budget.cost(text);
    relations.push(relation);
  }
  const count = (list: readonly Entity[]): number => list.reduce((sum, e) => sum + e.observations.length, 0);
  const truncated = {
    entities: graph.entities.length - entities.length, observations: count(graph.entities) - count(entities), relations: graph.relations.length - relations.length,
  };
  return { entities, relations, truncated };
}

/** An entity with its first observations that fit; `undefined` when not even its name does. */
function startOf(core: Core, entity: Entity, room: number): Entity | undefined {
  const shown: Entity = { ...entity, observations: [] };
  if (!core.budget.fits(pretty(shown), room)) return undefined;
  let left = room - core.budget.cost(pretty(shown));
  for (const observation of entity.observations) {
    const text = JSON.stringify(observation);
    if (!core.budget.fits(text, left)) break;
    left -= core.budget.cost(text);
    shown.observations.push(observation);
  }
  return shown;
}
