// How well generated chunks compress beside real text: zstd level 3, chunk by chunk, with a dictionary of 64 KB trained on
// one half and measured on the other. Runs the zstd command: Node 20 has no zstd.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Ratios of generated chunks (as few as there are real pieces, and 5,000) and of real pieces of `spikes`: content, and all as JSON. */
export function compressibility(generator, spikes) {
  const real = pieces(spikes);
  const sets = { real, generated: made(generator, real.length), generated_5000: made(generator, 5_000) };
  const report = { level: 3, dictionary_bytes: 65_536 };
  for (const [what, text] of [['content', (c) => c.content], ['whole', (c) => JSON.stringify(c)]]) {
    const found = Object.fromEntries(Object.entries(sets).map(([name, chunks]) => [name, measure(chunks.map(text))]));
    const off = (name) => Math.round((found[name].with_dictionary / found.real.with_dictionary - 1) * 1000) / 10;
    report[what] = { ...found, generated_off_percent: off('generated'), generated_5000_off_percent: off('generated_5000') };
  }
  return report;
}

const made = (generator, n) => Array.from({ length: n }, (_, i) => generator.chunk(i));

/** Real text in pieces of the generated chunks' size: most templates are shorter than a chunk, so neighbours are joined. */
function pieces(spikes) {
  const all = [];
  let piece;
  for (const spike of spikes) {
    for (const { path, template } of spike.files) {
      for (const line of `// ${path}\n${template}\n`.split(/(?<=\n)/)) {
        if (line.length > 400) continue; // as in the generator
        if (!piece || piece.content.length >= 1300 || piece.content.length + line.length > 2000) all.push((piece = begin(spike, path, all.length)));
        piece.content += line;
      }
    }
  }
  return all.filter((chunk) => chunk.content.length >= 600);
}

/** The fields of a generated chunk, as the spike has them. */
function begin({ id, name, description, version, stack, tags, params }, path, i) {
  const metadata = { name, description, version, path, params: (params ?? []).slice(0, 3).map((p) => ({ name: p.name, default: p.default })), line: i };
  return { id: `${id}-${i.toString(36)}`, content: '', frameworks: stack ?? [], tags: tags ?? [], quality_score: 0.8, chunk_type: 'spike_template', language: 'typescript', source: `spikes/${id}.json`, metadata };
}

function measure(texts) {
  const folder = mkdtempSync(join(tmpdir(), 'fluorite-zstd-'));
  try {
    for (const half of ['train', 'test', 'plain', 'packed']) mkdirSync(join(folder, half));
    texts.forEach((text, i) => writeFileSync(join(folder, i % 2 ? 'test' : 'train', String(i)), text));
    const zstd = (...args) => {
      const { status, error, stderr } = spawnSync('zstd', ['-q', ...args], { cwd: folder, encoding: 'utf8' });
      if (error || status !== 0) throw new Error(`zstd ${args[0]}: ${error?.message ?? stderr}`);
    };
    zstd('--train', '-r', 'train', '--maxdict=65536', '-o', 'dictionary');
    zstd('-3', '--no-check', '-r', 'test', '--output-dir-flat', 'plain');
    zstd('-3', '--no-check', '--no-dictID', '-D', 'dictionary', '-r', 'test', '--output-dir-flat', 'packed');
    const bytes = (name) => readdirSync(join(folder, name)).reduce((sum, f) => sum + statSync(join(folder, name, f)).size, 0);
    const ratio = (name) => Math.round((bytes('test') / bytes(name)) * 1000) / 1000;
    const mean = Math.round(texts.reduce((sum, t) => sum + t.length, 0) / texts.length);
    return { pieces: texts.length, mean_length: mean, with_dictionary: ratio('packed'), without: ratio('plain') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
