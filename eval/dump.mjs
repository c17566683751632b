// Candidates of both legs with their raw components, one JSON line per query, for tuning.
import { appendFileSync } from 'node:fs';
import { search } from './legs.mjs';

const DEPTH = 200;

/** Appends `{ set, id, query, namespace, group, split, positives, lexical: [...], vector: [...] }` per query. */
export async function dump(file, bridge, set, queries) {
  const legs = {};
  for (const mode of ['lexical', 'vector']) {
    // One small field: hits without any carry no components.
    legs[mode] = await search(bridge, queries, { mode, limit: DEPTH, explain: true, fields: ['namespace'] });
  }
  const hit = ({ id, score, similarity, lexical_score, explain }) => ({ id, unit: set.unitOf?.(id), score, similarity, lexical_score, explain });
  for (const { id, query, namespace, group, split, positives } of queries) {
    const line = { set: set.name, id, query, namespace, group, split, positives: [...positives] };
    for (const mode of Object.keys(legs)) line[mode] = legs[mode].get(id).map(hit);
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  }
}
