import columns from 'string-width';

/** Text without the control characters a terminal would act on: stored text must not move the cursor or retitle a window. */
export function clean(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\r\n/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** A name in one line: line breaks and control characters as escapes, `\\n` or `\\u001b`. The exact one is in `--json`. */
export function name(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, (c) =>
    ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const GRAPHEMES = new Intl.Segmenter();

/** One line of at most `width` columns of a terminal: wide characters take two, and none is cut. */
export function line(text: string, width: number): string {
  const flat = clean(text.slice(0, 8 * width + 1_000)).replace(/\s+/g, ' ').trim();
  if (columns(flat) <= width) return flat;
  let shown = '';
  let used = 1; // the ellipsis
  for (const { segment } of GRAPHEMES.segment(flat)) {
    used += columns(segment);
    if (used > width) break;
    shown += segment;
  }
  return `${shown}…`;
}

/** The `lines` neighbouring lines of a text that hold most words of the query; the first ones when none does. */
export function snippet(content: string, query: string, width: number, lines = 3): string[] {
  const words = new Set(query.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? []);
  const all = clean(content).split('\n').filter((l) => l.trim() !== '').slice(0, 10_000);
  const held = all.map((l) => {
    const low = l.toLowerCase();
    return [...words].filter((w) => low.includes(w));
  });
  let best = 0;
  let most = 0;
  for (let i = 0; i < all.length; i++) {
    const found = new Set(held.slice(i, i + lines).flat()).size;
    if (found > most) [best, most] = [i, found];
  }
  return all.slice(best, best + lines).map((l) => line(l, width));
}

/** `1234567` as `1,234,567`. */
export function count(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

/** Bytes in the largest unit that leaves a digit before the point. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = n;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Seconds as `950 ms`, `4.2 s`, `3 min 20 s` or `2 h 5 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '?';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Names and values in two columns. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
