import type { PutOperation } from '@langchain/langgraph-checkpoint';

import { FluoriteError } from '../index.js';

/** Modes of {@link FluoriteStoreOptions}. */
const MODES = ['vector', 'lexical', 'hybrid'];
/** Their names. */
const OPTIONS = ['namespace', 'fields', 'mode'];

/** Refuses options that would be ignored or fail later: `INVALID_ARGUMENT`. */
export function checkOptions(options: unknown): void {
  if (!isObject(options)) throw invalid('the options are an object of namespace, fields and mode');
  for (const name of Object.keys(options)) if (!OPTIONS.includes(name)) throw invalid(`${shown(name)} is not an option: there are ${OPTIONS.join(', ')}`);
  const { namespace, fields, mode } = options;
  if (namespace !== undefined && (typeof namespace !== 'string' || namespace === '')) throw invalid('namespace is a text of at least one character');
  if (fields !== undefined && !isPaths(fields)) throw invalid('fields is a list of paths, such as ["text"]');
  if (mode !== undefined && !MODES.includes(mode as string)) throw invalid(`mode is one of ${MODES.join(', ')}`);
}

/** The value of a put as it is kept, `null` for a deletion. Refuses what is no JSON object: `INVALID_ARGUMENT`. */
export function valueOf({ key, value, index }: PutOperation): Record<string, unknown> | null {
  if (typeof key !== 'string') throw invalid('key is a text');
  if (index !== undefined && index !== false && !isPaths(index)) throw invalid(`the index of ${shown(key)} is false or a list of paths, such as ["text"]`);
  if (value === null) return null;
  let kept: unknown;
  try {
    kept = isObject(value) ? JSON.parse(JSON.stringify(value)) : undefined; // what JSON cannot say is settled here, not in the engine
  } catch (e) {
    throw invalid(`the value of ${shown(key)} is no JSON: ${e instanceof Error ? e.message : String(e)}`, e);
  }
  if (!isObject(kept)) throw invalid(`the value of ${shown(key)} is an object, such as { text: "..." }, or null to delete the item`);
  return kept;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPaths(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((path) => typeof path === 'string');
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

function invalid(message: string, cause?: unknown): FluoriteError {
  return new FluoriteError('INVALID_ARGUMENT', message, cause);
}
