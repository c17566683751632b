import { createHash } from 'node:crypto';

/** Tag of items that are not searched by query. */
export const UNINDEXED = 'langgraph:unindexed';

/** Id of an item's chunk: its namespace and key as JSON. */
export function idOf(namespace: readonly string[], key: string): string {
  return JSON.stringify([...namespace, key]);
}

/** Namespace and key of a chunk; `undefined` for a chunk that somebody else put there. */
export function placeOf(id: string): { namespace: string[]; key: string } | undefined {
  try {
    const parts = JSON.parse(id) as unknown;
    if (!Array.isArray(parts) || parts.length < 2 || !parts.every((part) => typeof part === 'string')) return undefined;
    return { namespace: parts.slice(0, -1), key: parts.at(-1) as string };
  } catch {
    return undefined;
  }
}

/** Tag of everything below a namespace. A hash, because tags do not tell case apart. */
export function below(namespace: readonly string[]): string {
  return `langgraph:below:${createHash('sha256').update(JSON.stringify(namespace)).digest('hex').slice(0, 32)}`;
}

/** Tags of an item: one for every namespace it lies below. */
export function tagsOf(namespace: readonly string[]): string[] {
  return namespace.map((_, i) => below(namespace.slice(0, i + 1)));
}
