// Files as chunks of lines. Stands in for the engine's `chunkText` until that lands.

const LINES = 40;
const OVERLAP = 5;
const LANGUAGES = { rs: 'rust', ts: 'typescript', js: 'javascript', mjs: 'javascript', cjs: 'javascript', md: 'markdown' };

/** Chunks of about 40 lines that overlap by 5. `file` is `<package>/<path>`. Blank chunks are left out. */
export function cut(file, text) {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const chunks = [];
  for (let from = 0; from < lines.length; from += LINES - OVERLAP) {
    const to = Math.min(lines.length, from + LINES);
    const content = lines.slice(from, to).join('\n').toWellFormed();
    if (content.trim() !== '') {
      chunks.push({
        id: `${file}#${from + 1}`,
        content,
        source: file,
        language: LANGUAGES[file.slice(file.lastIndexOf('.') + 1)],
        metadata: { path: file, start_line: from + 1, end_line: to },
      });
    }
    if (to === lines.length) break; // what would follow is overlap alone
  }
  return chunks;
}

/** The file of a chunk's id. */
export const fileOf = (id) => id.slice(0, id.lastIndexOf('#'));
