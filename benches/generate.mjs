#!/usr/bin/env node
// Chunks for the benches, made from the real spikes in examples/spikes. The same index and seed always give the same
// chunk, whatever the number asked for.
//   node benches/generate.mjs --n 1000 > chunks.jsonl
//   node benches/generate.mjs --check        compares how well generated chunks and real pieces compress (JSON)
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { options } from './lib/options.mjs';

const SPIKES = join(dirname(fileURLToPath(import.meta.url)), '..', 'examples', 'spikes');
/** Share of a chunk's own names that are replaced; set so that `--check` finds generated and real text equally compressible. */
const RENAMED = 0.5;
/** A word of this many spikes belongs to the language or a library, not to the author: it stays. */
const COMMON = 6;
const NAME = /[A-Za-z_$][\w$]{2,}/g;
const LANGUAGES = { ts: 'typescript', tsx: 'typescript', js: 'javascript', jsx: 'javascript', mjs: 'javascript', py: 'python', go: 'go', rs: 'rust', json: 'json', yml: 'yaml', yaml: 'yaml', tf: 'hcl' };

/** sfc32: small, fast and good enough; Math.random cannot be seeded. */
export function random(seed, stream = 0) {
  let a = seed | 0, b = stream | 0, c = 0x9e3779b9, d = 1;
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  return Object.assign(next, { below: (n) => Math.floor(next() * n), pick: (list) => list[Math.floor(next() * list.length)] });
}

/** The readable spikes of a folder that a person wrote. */
export function readSpikes(folder = SPIKES) {
  const spikes = [];
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.json')).sort()) {
    try {
      const spike = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      if (!spike.tags?.includes('generated') && spike.files?.length) spikes.push(spike);
    } catch {
      // Some real spikes are broken JSON; repairing them is the product's work, not the bench's.
    }
  }
  return spikes;
}

/** Gives the i-th chunk. */
export function generator({ seed = 1, folder = SPIKES } = {}) {
  const spikes = readSpikes(folder);
  const blocks = new Map(); // by language: pieces of some lines, cut at blank lines where there are any
  const uses = new Map();
  const words = new Set();
  for (const spike of spikes) {
    const seen = new Set();
    for (const { path, template } of spike.files) {
      const language = LANGUAGES[path.split('.').pop()] ?? 'text';
      if (!blocks.has(language)) blocks.set(language, []);
      for (const part of template.split(/\n{2,}/)) {
        const lines = part.split('\n').filter((line) => line.length < 400); // minified data is not code
        for (let at = 0; at < lines.length; at += 8) blocks.get(language).push(`${lines.slice(at, at + 8).join('\n')}\n`);
      }
      for (const name of template.match(NAME) ?? []) seen.add(name);
    }
    for (const name of seen) {
      uses.set(name, (uses.get(name) ?? 0) + 1);
      for (const word of name.split(/[_$\d]+|(?<=[a-z])(?=[A-Z])/)) if (word.length > 2) words.add(word.toLowerCase());
    }
  }
  const languages = [...blocks].filter(([, list]) => list.length >= 20).map(([language]) => language).sort();
  const weighted = languages.flatMap((language) => Array(Math.ceil(blocks.get(language).length / 20)).fill(language));
  return new Generator(seed, spikes, blocks, weighted, [...words].sort(), uses);
}

class Generator {
  constructor(seed, spikes, blocks, languages, words, uses) {
    Object.assign(this, { seed, spikes, blocks, languages, words, uses });
  }

  chunk(i) {
    const rnd = random(this.seed, i);
    const spike = rnd.pick(this.spikes);
    const language = rnd.pick(this.languages);
    const size = 600 + rnd.below(1150);
    const path = this.rename(rnd, rnd.pick(spike.files).path);
    let text = `// ${path}\n`;
    while (text.length < size) text += rnd.pick(this.blocks.get(language));
    const other = rnd.pick(this.spikes);
    return {
      id: `${spike.id}-${i.toString(36)}`,
      content: this.rename(rnd, text).slice(0, 2000).toWellFormed(), // a cut may part a surrogate pair
      frameworks: [...new Set(spike.stack ?? [])].slice(0, 6),
      tags: [...new Set([...(spike.tags ?? []), ...(other.tags ?? []).slice(0, 2)])].slice(0, 8),
      quality_score: Math.round((0.4 + rnd() * 0.6) * 100) / 100,
      chunk_type: 'spike_template',
      language,
      source: `spikes/${spike.id}.json`,
      metadata: {
        name: spike.name,
        description: this.rename(rnd, `${spike.description ?? ''}`.slice(0, 300).toWellFormed()),
        version: spike.version ?? '1.0.0',
        path,
        params: (spike.params ?? []).slice(0, 3).map((p) => ({ name: p.name, default: rnd() < RENAMED ? this.name(rnd, p.name) : p.default })),
        line: rnd.below(400),
      },
    };
  }

  /** Replaces part of the names and numbers, each everywhere alike, as another author would have chosen them. */
  rename(rnd, text) {
    const names = new Map();
    const other = (old, make) => {
      if (!names.has(old)) names.set(old, rnd() < RENAMED ? make() : old);
      return names.get(old);
    };
    return text
      .replace(NAME, (old) => ((this.uses.get(old) ?? 0) >= COMMON ? old : other(old, () => this.name(rnd, old))))
      .replace(/\b\d{2,6}\b/g, (old) => other(old, () => String(1 + rnd.below(9)) + String(rnd.below(10 ** (old.length - 1)))));
  }

  /** A new name in the spelling of the old one. */
  name(rnd, old) {
    const parts = Array.from({ length: old.length < 6 ? 1 : old.length < 14 ? 2 : 3 }, () => rnd.pick(this.words));
    if (/^[A-Z0-9_]+$/.test(old)) return parts.join('_').toUpperCase();
    if (old.includes('-')) return parts.join('-');
    if (old.includes('_')) return parts.join('_');
    const camel = parts.map((p, i) => (i === 0 ? p : p[0].toUpperCase() + p.slice(1))).join('');
    return /^[A-Z]/.test(old) ? camel[0].toUpperCase() + camel.slice(1) : camel;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { n, seed, check, spikes } = options({ n: 100_000, seed: 1, check: false, spikes: SPIKES });
  if (check) {
    const { compressibility } = await import('./lib/compressibility.mjs');
    console.log(JSON.stringify(compressibility(generator({ seed }), readSpikes(spikes)), null, 2));
  } else {
    const chunks = generator({ seed, folder: spikes });
    for (let i = 0; i < n; i++) if (!process.stdout.write(`${JSON.stringify(chunks.chunk(i))}\n`)) await once(process.stdout, 'drain');
  }
}
