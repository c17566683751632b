// Doc comment -> function it was written for, comment stripped, from this project's own dependency tree. Nothing of it is
// committed: the same lock files give the same pairs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../data.mjs';
import { crates, filesOf, npmPackages } from '../dependencies.mjs';
import { jsPairs } from '../extract-js.mjs';
import { rustPairs } from '../extract-rust.mjs';

export const name = 'docfn';

const PAIRS = 6_000;
const QUERIES = 600;
/** Fewer pairs than this (no cargo, nothing fetched) are another set than the one that is recorded. */
const LEAST = 3_000;
const SEED = 'docfn 1';
const WORDS = 4;
/** Bytes of a function: shorter ones are too alike to be told apart, longer ones are mostly tables. */
const [SHORT, LONG] = [120, 8_000];
/** Most pairs of one package: no package decides. */
const SHARE = 400;
/** Declaration files have no bodies, minified ones no comments. */
const LEFT_OUT = /\.d\.[cm]?ts$|\.min\.|(^|\/)(tests?|benches|examples)\//;

export async function load() {
  const pairs = chosen(all());
  if (pairs.length < LEAST) return { name, absent: `only ${pairs.length} documented functions in the dependency tree (cargo fetch; npm ci)` };
  const byDoc = new Map(); // one comment on several functions: each of them answers
  for (const { id, doc } of pairs) byDoc.set(doc, [...(byDoc.get(doc) ?? []), id]);
  const asked = [...byDoc].sort(([a], [b]) => (order('query', a) < order('query', b) ? -1 : 1)).slice(0, QUERIES);
  return {
    name,
    unit: 'function',
    chunks: pairs.map(({ id, body, language }) => ({ id, content: body, language })),
    queries: asked.map(([doc, ids]) => ({ id: ids[0], query: doc, group: ids[0].startsWith('r') ? 'rust' : 'javascript', positives: new Set(ids) })),
  };
}

const order = (...parts) => sha256(SEED, ...parts);

/** Every usable pair, functions alike but for white space once. */
function all() {
  const seen = new Set();
  const pairs = [];
  const sources = [
    [crates(), ['rs'], rustPairs, () => 'rust'],
    [npmPackages(), ['js', 'mjs', 'cjs', 'ts'], jsPairs, (path) => (path.endsWith('.ts') ? 'typescript' : 'javascript')],
  ];
  for (const [packages, extensions, extract, language] of sources) {
    for (const { name: from, folder } of packages) {
      for (const path of filesOf(folder, extensions).filter((p) => !LEFT_OUT.test(p))) {
        for (const pair of extract(readFileSync(join(folder, path), 'utf8').replace(/\r\n?/g, '\n'))) {
          const [doc, body] = [sentence(pair.doc), dedent(pair.body).toWellFormed()];
          const key = body.replace(/\s+/g, ' ');
          if (!doc || body.length < SHORT || body.length > LONG || seen.has(key)) continue;
          seen.add(key);
          pairs.push({ doc, body, from, language: language(path), key: order('pair', key) });
        }
      }
    }
  }
  return pairs;
}

/** The sample, in an order that depends on the functions alone. Ids say nothing about the content. */
function chosen(pairs) {
  const taken = new Map();
  const fits = ({ from }) => {
    taken.set(from, (taken.get(from) ?? 0) + 1);
    return taken.get(from) <= SHARE;
  };
  const sample = pairs.sort((a, b) => (a.key < b.key ? -1 : 1)).filter(fits).slice(0, PAIRS);
  return sample.map((p) => ({ ...p, id: `${p.language[0] === 'r' ? 'r' : 'j'}${p.key.slice(0, 10)}` }));
}

/** The first sentence of a comment as plain text, `null` when it is too short to ask with. */
function sentence(doc) {
  const paragraph = doc.trim().split(/\n\s*\n/, 1)[0].replace(/\s+/g, ' ');
  if (/^(#|```|\||<)/.test(paragraph)) return null;
  const plain = paragraph.replace(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])?/g, '$1').replace(/`/g, '');
  const first = (/^.*?[.!?](?=\s|$)/.exec(plain) ?? [plain])[0].replace(/(?:\b(?:e\.g|i\.e|etc)\.)$/, '').trim().toWellFormed();
  return first.split(/\s+/).length >= WORDS ? first : null;
}

function dedent(body) {
  const indent = /\n([ \t]*)\S[^\n]*$/.exec(body)?.[1] ?? '';
  return body.trimStart().split('\n').map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line)).join('\n');
}
