// Where data of the evaluation lies, and reading it.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const questions = fileURLToPath(new URL('./questions/', import.meta.url));

/** Data that is not part of the repository: beside it, or where FLUORITE_SHARED says. */
export const shared = (...parts) => join(resolve(process.env.FLUORITE_SHARED ?? join(root, '..', 'shared')), 'data', ...parts);

/** Stores, unpacked archives, extracted pairs. Worktrees may share one: FLUORITE_EVAL_CACHE. */
export const cache = (...parts) => join(resolve(process.env.FLUORITE_EVAL_CACHE ?? fileURLToPath(new URL('./.cache/', import.meta.url))), ...parts);

/** Objects of a JSON Lines file, also of a gzipped one. */
export function readLines(file) {
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
}

/** The first of these files that is not there, or null. */
export const missing = (...files) => files.find((file) => !existsSync(file)) ?? null;

/** sha256 of texts or bytes, one after the other with their lengths, in hexadecimal. */
export function sha256(...parts) {
  const h = createHash('sha256');
  for (const part of parts) h.update(`${part.length}\n`).update(part);
  return h.digest('hex');
}

export const say = (text) => process.stderr.write(`${text}\n`);
