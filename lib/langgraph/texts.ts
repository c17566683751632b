/** Longest text indexed, in UTF-16 units; the model reads its first 256 tokens, words count to the end. */
const LONGEST = 1 << 18;

/** What of a value is searched: the texts at these paths, one a line; empty when there are none. */
export function textOf(value: Record<string, unknown>, paths: readonly string[]): string {
  const text = paths.flatMap((path) => textsAt(value, path)).join('\n');
  if (text.length <= LONGEST) return text;
  const last = text.charCodeAt(LONGEST - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? LONGEST - 1 : LONGEST);
}

/**
 * Texts at a path: `$` is the whole value as JSON, `a.b` a member, `a[0]` and `a[-1]` an element, `a[*]` and `*` all of them,
 * `{a,b.c}` several. Objects and lists at its end are JSON.
 */
function textsAt(value: unknown, path: string): string[] {
  if (path === '' || path === '$') return [JSON.stringify(value, null, 2)];
  return steps(path).reduce((found, step) => found.flatMap((v) => follow(v, step)), [value]).flatMap(written);
}

/** `a.b[0].{c,d}` as `a`, `b`, `[0]`, `{c,d}`. */
function steps(path: string): string[] {
  return path.match(/\[[^\]]*\]|\{[^}]*\}|[^.[{]+/g) ?? [];
}

function follow(value: unknown, step: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (step.startsWith('{')) return step.slice(1, -1).split(',').flatMap((path) => steps(path.trim()).reduce<unknown[]>((found, s) => found.flatMap((v) => follow(v, s)), [value]));
  if (step.startsWith('[')) {
    if (!Array.isArray(value)) return [];
    const index = step.slice(1, -1);
    return index === '*' ? value : [value.at(Number.parseInt(index, 10))];
  }
  if (step === '*') return Object.values(value);
  return Object.hasOwn(value, step) ? [(value as Record<string, unknown>)[step]] : [];
}

function written(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  return [typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value)];
}
