// Question -> the turns of a long dialogue that hold the evidence. Each conversation is a namespace and searched alone.
import { missing, readLines, shared } from '../data.mjs';

export const name = 'locomo';

const CATEGORIES = { 1: 'several turns', 2: 'time', 3: 'inference', 4: 'one turn', 5: 'wrong premise' };

export async function load() {
  const [corpus, queries] = ['corpus', 'queries'].map((part) => shared('eval', `locomo-dev.${part}.jsonl.gz`));
  const absent = missing(corpus, queries);
  if (absent) return { name, absent: `${absent} is not there` };
  const chunks = turns(readLines(corpus));
  const known = new Set(chunks.map((c) => `${c.namespace} ${c.id}`));
  const asked = readLines(queries).map((q) => ({
    id: q.qid,
    query: q.question,
    namespace: q.conv,
    group: `${q.category} ${CATEGORIES[q.category] ?? ''}`.trim(),
    positives: new Set(q.evidence.filter((id) => known.has(`${q.conv} ${id}`))),
  }));
  return { name, unit: 'turn', evidence: true, chunks, queries: asked.filter((q) => q.positives.size > 0) };
}

function turns(lines) {
  const counts = new Map();
  return lines.map(({ conv, id, session, date, speaker, text, caption }) => {
    const key = `${conv} ${session}`;
    const turn = (counts.get(key) ?? 0) + 1;
    counts.set(key, turn);
    return {
      id,
      namespace: conv,
      content: `${speaker}: ${text}${caption ? ` [shares ${caption}]` : ''}`,
      chunk_type: 'conversation',
      metadata: { session_id: `${conv}/${session}`, turn, speaker, date },
    };
  });
}
