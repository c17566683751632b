import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { z } from 'zod';

import { FluoriteError, type Progress } from '../../index.js';
import { printable } from '../text.js';
import type { KnowledgeGraph } from './graph.js';
import type { Entity, Relation } from './records.js';

/** Lines taken in together. */
const STEP = 500;
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
 * Takes the file of a reference memory server into a graph. Bad lines are reported, never fatal; what is known already is merged:
 * an entity keeps its type and gains observations. Importing a file twice changes nothing the second time.
 * Cost: an embedding for every new fact. Codes: `IO` (the file cannot be read), `ABORTED`, and those of storing.
 */
export async function importGraph(graph: KnowledgeGraph, path: string, options: ImportOptions = {}): Promise<ImportReport> {
  const report: ImportReport = { lines: 0, entities: 0, observations: 0, relations: 0, bad: 0, bad_lines: [] };
  const began = performance.now();
  let [entities, relations]: [Entity[], Relation[]] = [[], []];
  const step = async (): Promise<void> => {
    if (options.signal?.aborted) throw new FluoriteError('ABORTED', 'the import was aborted; what it stored stays', options.signal.reason);
    await takeEntities(graph, entities, report);
    report.relations += (await graph.createRelations(relations)).length;
    [entities, relations] = [[], []];
    const rate = report.lines / Math.max((performance.now() - began) / 1000, 1e-3);
    options.on_progress?.({ phase: 'import', done: report.lines, total: null, rate, seconds_left: null });
  };
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    if (line.trim() === '') continue;
    report.lines++;
    const read = readLine(line);
    if (typeof read === 'string') {
      report.bad++;
      if (report.bad_lines.length < LISTED) report.bad_lines.push({ line: number, reason: read });
    } else if ('name' in read) {
      const observations = [...new Set(read.observations.map(printable))];
      entities.push({ name: printable(read.name), entityType: read.entityType, observations });
    } else relations.push({ from: read.from, to: read.to, relationType: read.relationType });
    if (entities.length + relations.length >= STEP) await step();
  }
  await step();
  return report;
}

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

async function* linesOf(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, 'utf8');
  try {
    // Events of a stream that failed before the loop began would be missed: readline passes no errors on.
    const failed = new Promise<never>((_, reject) => stream.once('error', reject));
    failed.catch(() => undefined);
    await Promise.race([new Promise((ready) => stream.once('open', ready)), failed]);
    const lines = createInterface({ input: stream, crlfDelay: Infinity })[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([lines.next(), failed]);
      if (next.done) return;
      yield next.value;
    }
  } catch (e) {
    throw new FluoriteError('IO', `${path} cannot be read: ${e instanceof Error ? e.message : String(e)}`, e);
  } finally {
    stream.destroy();
  }
}
