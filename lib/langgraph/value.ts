/**
 * Marks the members of a value in the metadata of its chunk. The engine reads some members of metadata (`title`, `path`, ...) as names
 * and places of a text; a value is the application's own, and only the fields asked for are searched.
 */
const MARK = '=';

/** The name of a value's member in the metadata. */
export function memberOf(key: string): string {
  return MARK + key;
}

/** A value as metadata. */
export function toMetadata(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [memberOf(key), member]));
}

/** The value that was kept as this metadata. */
export function fromMetadata(metadata: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata).map(([key, member]) => [key.slice(MARK.length), member]));
}
