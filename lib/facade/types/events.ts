import type { Progress } from './call.js';
import type { ChunkId } from './chunk.js';

/** A chunk, or a new version of it, is stored: as durable as the write asked for, and found by the next search. */
export interface ChunkStored {
  /** Which event this is. */
  type: 'ChunkStored';
  /** The chunk's id. */
  id: ChunkId;
  /** Where it is. */
  namespace: string;
  /** 1 for a new chunk, one more with every store. */
  version: number;
}
/** A delete took a chunk away. A chunk whose time (`ttl_ms`) is up is not deleted and has no event. */
export interface ChunkDeleted {
  /** Which event this is. */
  type: 'ChunkDeleted';
  /** The chunk's id. */
  id: ChunkId;
  /** Where it was. */
  namespace: string;
}
/** How far a `learnFromSpikes` has come, in files; its `phase` is `done` at the end. */
export interface LearningProgress extends Progress {
  /** Which event this is. */
  type: 'LearningProgress';
  /** Where its chunks go. */
  namespace: string;
}
/** An index was built behind the calls, or by `optimize`, and is in use. */
export interface IndexBuilt {
  /** Which event this is. */
  type: 'IndexBuilt';
  /** `vector`: a graph over vectors; `text`: a sealed text segment. */
  kind: 'vector' | 'text';
  /** Chunks in it. */
  rows: number;
  /** How long it took. */
  duration_ms: number;
}
/** Events were dropped at this place, because the listener was slower than the store. */
export interface Lagged {
  /** Which event this is. */
  type: 'Lagged';
  /** How many. */
  missed: number;
}
/** The events by name. Later releases add to it. */
export interface FluoriteEventMap {
  /** A chunk was stored. */
  ChunkStored: ChunkStored;
  /** A chunk was deleted. */
  ChunkDeleted: ChunkDeleted;
  /** Learning went on. */
  LearningProgress: LearningProgress;
  /** An index was built. */
  IndexBuilt: IndexBuilt;
  /** Events were missed. */
  Lagged: Lagged;
}
/** The name of an event. */
export type FluoriteEventName = keyof FluoriteEventMap;
/** Any event; `type` tells which. */
export type FluoriteEvent = FluoriteEventMap[FluoriteEventName];
/** A function that is told of events, or (`error`) of what other listeners threw and at which event. */
export type FluoriteListener<K extends FluoriteEventName | 'error'> = K extends FluoriteEventName
  ? (event: FluoriteEventMap[K]) => void
  : (thrown: unknown, event: FluoriteEvent) => void;
/** Options of `events`. */
export interface EventOptions {
  /** Only these; all when absent. `Lagged` comes in any case. */
  types?: readonly FluoriteEventName[] | undefined;
  /** Only events of this namespace, and those about the store itself; all when absent. */
  namespace?: string | undefined;
  /** Events kept for a slow reader, 1 to 1,048,576: 16,384 when absent. The oldest are dropped beyond it, and counted in a `Lagged`. */
  buffer?: number | undefined;
  /** Ends the iteration. */
  signal?: AbortSignal | undefined;
}
