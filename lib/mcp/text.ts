/**
 * What could steer a terminal or hide text from a reader: C0 and C1 controls (not tab, line feed, nor a carriage return before
 * one), DEL, line and paragraph separators, bidirectional overrides and isolates, and the invisible tag characters.
 */
const UNSAFE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\u{E0000}-\u{E007F}]|\r(?!\n)/gu;

/** The text with control characters written out, `\u001b` for ESC. Escaping twice changes nothing more. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.codePointAt(0) as number;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same for every string of a JSON value, keys included. */
export function printableDeep(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(printableDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [printable(k), printableDeep(v)]));
}
