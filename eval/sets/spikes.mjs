// Hand-written questions in English, Japanese and Korean -> spike templates, over all real ones.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cache, missing, questions, readLines, shared } from '../data.mjs';

export const name = 'spikes';

export async function load() {
  const [archive, lines] = [shared('spikes.tar.zst'), join(questions, 'spikes.jsonl')];
  const absent = missing(archive, lines);
  if (absent) return { name, absent: `${absent} is not there` };
  const key = createHash('sha256').update(readFileSync(archive)).digest('hex');
  const folder = unpacked(archive, key);
  if (!folder) return { name, absent: `${archive} could not be unpacked: tar with zstd is needed` };
  return {
    name,
    unit: 'template',
    key: `all templates of ${key}`,
    // Boilerplate too: whoever searches all templates has it in the way.
    fill: (bridge, on_progress) => bridge.learnFromSpikes({ path: folder, include_generated: true, on_progress }),
    unitOf: spikeId,
    queries: asked(lines),
  };
}

/** Questions of a file, grouped by language; the English ones that are asked in the others too are a group as well, to compare with. */
export function asked(file) {
  const lines = readLines(file);
  const parallel = new Set(lines.map((q) => q.parallel));
  return lines.map(({ id, lang, split, query, positives }) => ({ id, split, query, group: parallel.has(id) ? [lang, `${lang} with translations`] : lang, positives: new Set(positives) }));
}

/** The spike id in a chunk's id, which is `spike:<id>` or `spike:<id>@<file>`. */
export const spikeId = (id) => id.replace(/^spike:/, '').replace(/@[^@]*$/, '');

/** The folder of the archive's files in the cache; `null` when it cannot be unpacked. */
function unpacked(archive, key) {
  const folder = cache(`spikes-${key.slice(0, 16)}`);
  if (!existsSync(folder)) {
    mkdirSync(cache(), { recursive: true });
    const part = mkdtempSync(`${folder}.part-`);
    if (spawnSync('tar', ['--zstd', '-xf', archive, '-C', part]).status !== 0) {
      rmSync(part, { recursive: true, force: true });
      return null;
    }
    if (existsSync(folder)) rmSync(part, { recursive: true, force: true });
    else renameSync(part, folder);
  }
  return join(folder, 'spikes');
}
