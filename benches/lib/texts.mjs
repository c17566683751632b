// Real text for the `minilm` vectors: spike templates, and source text of the dependency tree in pieces of some lines.
// The same files give the same list; pieces alike but for space and digits count once.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSpikes } from '../generate.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cargo = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src');
const TREES = { node_modules: join(root, 'node_modules'), peers: join(root, 'benches', 'compare', 'node_modules'), cargo };
const KIND = /\.(ts|js|mjs|cjs|md|rs)$/;
/** Bindings and tables that a program wrote are not text. */
const GENERATED = /[\\/](windows|winapi|linux-raw-sys|libc-|web-sys|js-sys|wasi|unicode|encoding|objc|ndk|core-foundation|typenum|idna|tables?|generated|fb)[^\\/]*([\\/]|$)|\.min\./;
const LEAST = 140, MOST = 330; // characters of a piece: some 40 to 120 tokens

/** At most `count` texts in an order that depends on the texts alone, and where they came from. */
export function realTexts(count) {
  const seen = new Set();
  const taken = [];
  const sources = {};
  const add = (source, text) => {
    const clean = text.trim().toWellFormed();
    if (clean.length < LEAST || taken.length >= 8 * count) return;
    const key = hash(clean.replace(/[\s\d]+/g, ' '));
    if (seen.has(key)) return;
    seen.add(key);
    taken.push({ source, key, text: clean });
  };
  for (const text of spikes()) add('spikes', text);
  const own = taken.splice(0);
  for (const [name, folder] of Object.entries(TREES)) for (const text of pieces(folder)) add(name, text);
  const byKey = (a, b) => (a.key < b.key ? -1 : 1);
  const all = [...own, ...taken.sort(byKey).slice(0, Math.max(0, count - own.length))].sort(byKey).slice(0, count);
  for (const { source } of all) sources[source] = (sources[source] ?? 0) + 1;
  return { texts: all.map((t) => t.text), sources };
}

const hash = (text) => createHash('sha1').update(text).digest('hex');

/** Name, description and the beginning of the first files of every readable template. */
function* spikes() {
  const archive = join(root, '..', 'shared', 'data', 'spikes.tar.zst');
  const folder = mkdtempSync(join(tmpdir(), 'fluorite-spikes-'));
  try {
    const unpacked = existsSync(archive) && spawnSync('tar', ['--zstd', '-xf', archive, '-C', folder]).status === 0;
    for (const s of readSpikes(unpacked ? join(folder, 'spikes') : undefined)) {
      for (const { path, template } of s.files.slice(0, 3)) yield `${s.name}. ${s.description ?? ''}\n${path}\n${template}`.slice(0, MOST);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Files in pieces of whole lines; minified text is left out. */
function* pieces(folder) {
  if (!existsSync(folder)) return;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((f) => f.isFile() && KIND.test(f.name)).map((f) => join(f.parentPath ?? f.path, f.name)).filter((f) => !GENERATED.test(f)).sort()) {
    let text = '';
    for (const line of readFileSync(file, 'utf8').slice(0, 60_000).split('\n')) {
      if (line.length > MOST) continue;
      if (text.length + line.length > MOST) {
        yield text;
        text = '';
      }
      text += `${line}\n`;
    }
    yield text;
  }
}
