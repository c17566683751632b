// Files as chunks, as docs/chunking.md says to store them: cut along their structure, with the place each piece was cut from.
import { createHash } from 'node:crypto';

/** Raised when this file cuts in another way: stores are kept under it. */
const LAYOUT = 1;
const LANGUAGES = { rs: 'rust', ts: 'typescript', js: 'javascript', mjs: 'javascript', cjs: 'javascript', md: 'markdown' };
/** Most characters of what a file says it is about. */
const ABOUT = 240;
/** Pieces on their way to the store at once. */
const BATCH = 2_000;

/** Chunks of a file; `file` is `<package>/<path>`. */
export async function cut(bridge, file, text) {
  const language = LANGUAGES[file.slice(file.lastIndexOf('.') + 1)];
  const context = about(file, text);
  const pieces = await bridge.chunkText(text.toWellFormed(), { path: file });
  return pieces.map(({ content, start_line, end_line, symbols, scope, headings }, i) => ({
    id: `${file}#${i}`,
    content,
    source: file,
    language,
    metadata: { path: file, ...(context && { context }), start_line, end_line, symbols, scope, headings },
  }));
}

/** What a file says it is about: its first comment, or its title; empty when it says nothing (a licence says nothing). */
export function about(file, text) {
  const lines = text.replace(/^#!.*\n/, '').split('\n').slice(0, 60);
  const said = (pattern) => lines.filter((line) => pattern.test(line)).map((line) => line.replace(pattern, ''));
  let found = file.endsWith('.md') ? said(/^# /).slice(0, 1) : said(/^\s*\/\/!\s?/);
  if (found.length === 0 && !file.endsWith('.md')) {
    const end = lines.findIndex((line) => !/^\s*(\/\/|\/\*|\*)/.test(line));
    found = lines.slice(0, end < 0 ? lines.length : end).map((line) => line.replace(/^\s*(\/\/[/!]?|\/\*\*?|\*\/?)\s?/, ''));
  }
  const plain = found.join(' ').replace(/```[\s\S]*?(```|$)/g, ' ').replace(/\s+/g, ' ').trim();
  return /copyright|licen[sc]e|eslint|@ts-/i.test(plain) ? '' : plain.slice(0, ABOUT).toWellFormed();
}

/** Names what `store` makes of these files. */
export function keyOf(files) {
  const h = createHash('sha256').update(`pieces ${LAYOUT}\n`);
  for (const [file, text] of files) h.update(`${file}\n${text.length}\n`).update(text);
  return h.digest('hex');
}

/** Cuts and stores files, `[id, text]` each. */
export async function store(bridge, files, on_progress) {
  let waiting = [];
  const flush = async () => {
    await bridge.storeChunks(waiting, { durability: 'buffered', on_progress });
    waiting = [];
  };
  for (const [file, text] of files) {
    waiting.push(...(await cut(bridge, file, text)));
    if (waiting.length >= BATCH) await flush();
  }
  await flush();
}

/** The file of a chunk's id. */
export const fileOf = (id) => id.slice(0, id.lastIndexOf('#'));
