import { createReadStream } from 'node:fs';

import { z } from 'zod';

import { linesOf, type Line } from '../../cli/lines.js';
import { fileError } from '../../facade/files.js';
import { FluoriteError, isFluoriteError, type Progress } from '../../index.js';
import { printable } from '../text.js';
import type { KnowledgeGraph } from './graph.js';
import type { Entity, Relation } from './records.js';

/** Lines taken in together. */
const STEP = 500;
/** Facts taken in together: what fits one atomic batch, so that a batch that was refused left nothing behind. */
const STEP_FACTS = 10_000;
/** Bad lines listed by number. */
const LISTED = 1_000;

const entityLine = z.object({ type: z.literal('entity'), name: z.string(), entityType: z.string(), observations: z.array(z.string()) });
const relationLine = z.object({ type: z.literal('relation'), from: z.string(), to: z.string(), relationType: z.string() });

/** Options of {@link importGraph}. */
export interface ImportOptions {
  /** Stops between two steps of 500 lines; what was imported stays. */
  signal?: AbortSignal | undefined;
  /** Told after every step; `total` is not known. */
  on_progress?: ((progress: Progress) => void) | undefined;
}
/** Result of {@link importGraph}. */
export interface ImportReport {
  /** Lines with something on them. */
  lines: number;
  /** Entities that were new. */
  entities: number;
  /** Observations that were new, of new and of known entities. */
  observations: number;
  /** Relations that were new. */
  relations: number;
  /** Lines left out. */
  bad: number;
  /** The first 1,000 of them. */
  bad_lines: {
    /** Its number, from 1. */
    line: number;
    /** Why it was left out. */
    reason: string;
  }[];
}

/**
 * Takes the file of a reference memory server into a graph. Bad lines are reported, never fatal: no JSON, another shape, not UTF-8,
 * over 256 MiB, or what the store refuses, such as half a character or a text over the largest chunk. Such a line is left out whole,
 * but for one of more than 10,000 observations, whose first batches stay. What is known already is merged: an entity keeps its type
 * and gains observations. Importing a file twice changes nothing the second time.
 * Cost: an embedding for every new fact. Codes: `NOT_FOUND` (no such file), `INVALID_ARGUMENT` (a folder), `IO` (it cannot be read), `ABORTED`, and those of a store that fails.
 */
export async function importGraph(graph: KnowledgeGraph, path: string, options: ImportOptions = {}): Promise<ImportReport> {
  const report: ImportReport = { lines: 0, entities: 0, observations: 0, relations: 0, bad: 0, bad_lines: [] };
  const began = performance.now();
  let [entities, relations, facts]: [Numbered<Entity>[], Numbered<Relation>[], number] = [[], [], 0];
  const bad: Refuse = (line, reason) => {
    report.bad++;
    report.bad_lines.push({ line, reason });
  };
  const step = async (): Promise<void> => {
    if (options.signal?.aborted) throw abortedBy(options.signal);
    await salvage(entities, (some) => takeEntities(graph, some, report), bad);
    await salvage(relations, async (some) => void (report.relations += (await graph.createRelations(some)).length), bad);
    [entities, relations, facts] = [[], [], 0];
    report.bad_lines = report.bad_lines.sort((a, b) => a.line - b.line).slice(0, LISTED);
    const rate = report.lines / Math.max((performance.now() - began) / 1000, 1e-3);
    options.on_progress?.({ phase: 'import', done: report.lines, total: null, rate, seconds_left: null });
  };
  for await (const { number, text, fault } of read(path, options.signal)) {
    const said = text === undefined ? (fault ?? 'cannot be read') : readLine(text);
    const weight = typeof said === 'string' ? 0 : 'name' in said ? 1 + said.observations.length : 1;
    if (facts > 0 && facts + weight > STEP_FACTS) await step();
    report.lines++;
    facts += weight;
    if (typeof said === 'string') bad(number, said);
    else if ('name' in said) {
      const observations = [...new Set(said.observations.map(printable))];
      entities.push({ number, item: { name: printable(said.name), entityType: said.entityType, observations } });
    } else relations.push({ number, item: { from: said.from, to: said.to, relationType: said.relationType } });
    if (entities.length + relations.length >= STEP || report.bad_lines.length >= 2 * LISTED) await step();
  }
  await step();
  return report;
}

/** What a line says, with its number. */
interface Numbered<T> {
  number: number;
  item: T;
}
type Refuse = (line: number, reason: string) => void;

/** Codes of a store that refuses what it is given, rather than fails. */
const REFUSED: readonly string[] = ['INVALID_ARGUMENT', 'INVALID_ID', 'CHUNK_TOO_LARGE'];

/** Takes lines in together; when the store refuses, each half for itself, down to the lines that are bad. Taking a line in twice changes nothing. */
async function salvage<T>(lines: readonly Numbered<T>[], take: (items: T[]) => Promise<void>, bad: Refuse): Promise<void> {
  if (lines.length === 0) return;
  try {
    await take(lines.map((line) => line.item));
  } catch (e) {
    if (!isFluoriteError(e) || !REFUSED.includes(e.code)) throw e;
    const half = lines.length >> 1;
    if (half === 0) return bad((lines[0] as Numbered<T>).number, e.code === 'CHUNK_TOO_LARGE' ? TOO_LARGE : REFUSAL);
    await salvage(lines.slice(0, half), take, bad);
    await salvage(lines.slice(half), take, bad);
  }
}

// The engine's words name chunks, which say nothing to somebody with a file of lines.
const TOO_LARGE = 'a name, a type or an observation is larger than the store takes (memory.max_chunk_size) (CHUNK_TOO_LARGE)';
const REFUSAL = 'the store refuses a text of it: is there half of a surrogate pair, such as \\ud83d alone? (INVALID_ARGUMENT)';

/** New entities whole; of known ones, and of a name's later lines, the observations. */
async function takeEntities(graph: KnowledgeGraph, entities: Entity[], report: ImportReport): Promise<void> {
  const first = new Map<string, Entity>();
  const later: Entity[] = [];
  for (const entity of entities) {
    if (first.has(entity.name)) later.push(entity);
    else first.set(entity.name, entity);
  }
  const created = new Set((await graph.createEntities([...first.values()])).map((e) => e.name));
  report.entities += created.size;
  for (const entity of first.values()) {
    if (created.has(entity.name)) report.observations += entity.observations.length;
    else later.unshift(entity);
  }
  const added = await graph.addObservations(later.map((e) => ({ entityName: e.name, contents: e.observations })));
  for (const { addedObservations } of added) report.observations += addedObservations.length;
}

/** What a line says, or why it says nothing. Reasons quote nothing of the line. */
function readLine(line: string): z.infer<typeof entityLine> | z.infer<typeof relationLine> | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'not JSON';
  }
  const type = (value as { type?: unknown } | null)?.type;
  if (type !== 'entity' && type !== 'relation') return 'neither an entity nor a relation';
  const read = (type === 'entity' ? entityLine : relationLine).safeParse(value);
  if (read.success) return read.data;
  return read.error.issues.map((i) => `${i.path.join('.') || type}: ${i.message}`).join('; ');
}

/** The lines of a file that are not blank. */
async function* read(path: string, signal: AbortSignal | undefined): AsyncGenerator<Line> {
  try {
    yield* linesOf(createReadStream(path), signal ?? new AbortController().signal);
  } catch (e) {
    if (signal?.aborted) throw abortedBy(signal);
    throw isFluoriteError(e) ? e : fileError('read', path, e);
  }
}

function abortedBy(signal: AbortSignal): FluoriteError {
  return new FluoriteError('ABORTED', 'the import was aborted; what it stored stays', signal.reason);
}
