import { inputError } from '../facade/errors.js';
import { FluoriteError, type SearchFilter } from '../index.js';

type Fields = Record<string, unknown>;

/** A copy of an object, read once: what is checked is what is used. Anything else stays, for the engine to refuse. */
function copy(value: unknown, what: string): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  try {
    return { ...(value as Fields) };
  } catch (e) {
    throw inputError(what, e);
  }
}

/** The `cause` of a refusal of another namespace: whoever asked over HTTP is not to read the handle's own. */
export class ForeignNamespace {
  /** @param what - what named it. */
  constructor(readonly what: string) {}
}

/** Refuses another namespace than the handle's, absent is fine. */
function check(asked: unknown, namespace: string, what: string): void {
  const names = Array.isArray(asked) ? (asked as unknown[]).slice() : [asked];
  if (asked === undefined || asked === null || (names.length === 1 && names[0] === namespace)) return;
  const message = `${what}: this handle is confined to the namespace ${JSON.stringify(namespace)}: leave namespace out, or use FluoriteService`;
  throw new FluoriteError('INVALID_ARGUMENT', message, new ForeignNamespace(what));
}

/** Options by id, with the namespace in them. */
export function confined<T>(value: T, namespace: string, what: string): T {
  if (value === undefined || value === null) return { namespace } as T;
  const fields = copy(value, what);
  if (!fields) return value;
  check(fields['namespace'], namespace, what);
  return { ...fields, namespace } as T;
}

/** A chunk, or what is said about one, with the namespace in it; what is no object is for the engine to refuse. */
export function confinedItem<T>(item: T, namespace: string, what: string): T {
  return typeof item === 'object' && item !== null ? confined(item, namespace, what) : item;
}

/** A filter with the namespace in it. */
export function confinedFilter(filter: SearchFilter | undefined, namespace: string): SearchFilter {
  return confined(filter, namespace, 'filter') as SearchFilter;
}

/** Options with a filter, or the limit alone. */
export function confinedSearch<T extends object>(options: number | T | undefined, namespace: string): T {
  if (options === undefined || options === null) return { filter: { namespace } } as unknown as T;
  if (typeof options === 'number') return { limit: options, filter: { namespace } } as unknown as T;
  const fields = copy(options, 'options');
  if (!fields) return options;
  return { ...fields, filter: confinedFilter(fields['filter'] as SearchFilter | undefined, namespace) } as unknown as T;
}

/** Does a filter say nothing beside its namespace? What it says with empty lists counts as nothing: the safe side. */
export function saysNothing(filter: unknown): boolean {
  const fields = copy(filter, 'filter') ?? {};
  return Object.entries(fields).every(([key, value]) => key === 'namespace' || empty(value));
}

function empty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object' || value instanceof Date) return false;
  return Object.values(value).every(empty);
}
