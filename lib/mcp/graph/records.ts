import { createHash } from 'node:crypto';

import type { Chunk, ChunkInput } from '../../index.js';

/** A node of the graph, known by its name. */
export interface Entity {
  /** Its name. */
  name: string;
  /** What it is: `person`, `project`. */
  entityType: string;
  /** What is known of it, one fact each. */
  observations: string[];
}
/** An edge; its ends need not exist. */
export interface Relation {
  /** Name of the entity it starts at. */
  from: string;
  /** Name of the entity it leads to. */
  to: string;
  /** What it says, in active voice: `owns`. */
  relationType: string;
}
/** Entities and relations, oldest first. */
export interface Graph {
  /** The nodes. */
  entities: Entity[];
  /** The edges. */
  relations: Relation[];
}

/** What a chunk of the graph's namespace stands for. */
export type Fact =
  | { kind: 'entity'; name: string; entityType: string }
  | { kind: 'observation'; entity: string; text: string }
  | ({ kind: 'relation' } & Relation);

/** Tag of everything that goes when the entity goes: itself, its observations, relations at either end. */
export const nodeTag = (name: string): string => `node:${digest(name)}`;
/** Tag of one fact and its copies. */
export const factTag = (fact: Fact): string => `fact:${digest(...identityOf(fact))}`;
/** Tag of relations. */
export const RELATION = 'kind:relation';

/** Id of a fact's chunk. `copy` tells equal observations of one call apart. */
export function factId(fact: Fact, copy = 0): string {
  return `${fact.kind}:${digest(...identityOf(fact), ...(copy === 0 ? [] : [String(copy)]))}`;
}

/** The chunk that keeps a fact. Its content is a sentence, for searches; its metadata is the fact. */
export function toChunk(fact: Fact, namespace: string, copy = 0): ChunkInput {
  const common = { id: factId(fact, copy), namespace, chunk_type: 'thought', memory_type: 'semantic' } as const;
  const tags = [`kind:${fact.kind}`, factTag(fact)];
  switch (fact.kind) {
    case 'entity':
      return { ...common, content: `${fact.name} (${fact.entityType})`, tags: [...tags, nodeTag(fact.name)], metadata: { ...fact } };
    case 'observation':
      return { ...common, content: `${fact.entity}: ${fact.text}`, tags: [...tags, nodeTag(fact.entity)], metadata: { ...fact } };
    case 'relation':
      return {
        ...common, content: `${fact.from} ${fact.relationType} ${fact.to}`, tags: [...new Set([...tags, nodeTag(fact.from), nodeTag(fact.to)])],
        metadata: { ...fact },
      };
  }
}

/** The fact a chunk keeps; `undefined` for a chunk that somebody else put there. */
export function toFact(metadata: Chunk['metadata']): Fact | undefined {
  const { kind, name, entityType, entity, text, from, to, relationType } = metadata;
  if (kind === 'entity' && isText(name) && isText(entityType)) return { kind, name, entityType };
  if (kind === 'observation' && isText(entity) && isText(text)) return { kind, entity, text };
  if (kind === 'relation' && isText(from) && isText(to) && isText(relationType)) return { kind, from, to, relationType };
  return undefined;
}

/** The entities a fact names. */
export function namesOf(fact: Fact): string[] {
  if (fact.kind === 'entity') return [fact.name];
  return fact.kind === 'observation' ? [fact.entity] : [fact.from, fact.to];
}

/** The graph that facts make up. Observations without their entity count for nothing. */
export async function toGraph(facts: AsyncIterable<Fact>): Promise<Graph> {
  const entities = new Map<string, Entity>();
  const observations: { entity: string; text: string }[] = [];
  const relations: Relation[] = [];
  for await (const fact of facts) {
    if (fact.kind === 'entity') entities.set(fact.name, { name: fact.name, entityType: fact.entityType, observations: [] });
    else if (fact.kind === 'observation') observations.push(fact);
    else relations.push({ from: fact.from, to: fact.to, relationType: fact.relationType });
  }
  for (const { entity, text } of observations) entities.get(entity)?.observations.push(text);
  return { entities: [...entities.values()], relations };
}

function identityOf(fact: Fact): string[] {
  if (fact.kind === 'entity') return ['entity', fact.name];
  if (fact.kind === 'observation') return ['observation', fact.entity, fact.text];
  return ['relation', fact.from, fact.to, fact.relationType];
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
