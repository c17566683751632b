// Web query -> Python function (docstrings removed).
import { missing, readLines, shared } from '../data.mjs';

export const name = 'cosqa';

export async function load() {
  const [corpus, queries] = ['corpus', 'queries'].map((part) => shared('eval', `cosqa-dev.${part}.jsonl.gz`));
  const absent = missing(corpus, queries);
  if (absent) return { name, absent: `${absent} is not there` };
  return {
    name,
    unit: 'function',
    chunks: readLines(corpus).map(({ id, text }) => ({ id, content: text, language: 'python' })),
    queries: readLines(queries).map(({ query, positives }, i) => ({ id: `q${i}`, query, positives: new Set(positives) })),
  };
}
