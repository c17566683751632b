// What tsc makes of lib/, and what stands among it without a source: left by an older checkout, it would be packed and installed.
import { existsSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const MADE = /\.(js|d\.ts)$/;

/** Files of a folder, with slashes, relative to it; none when it is not there. */
function under(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  return entries.map((e) => relative(folder, join(e.parentPath ?? e.path, e.name)).split(sep).join('/')).sort();
}

/** What tsc makes of each source in lib/, relative to the root. */
export function outputs(root) {
  const sources = under(join(root, 'lib')).filter((name) => name.endsWith('.ts'));
  return sources.flatMap((name) => ['.js', '.d.ts'].map((end) => name.replace(/\.ts$/, end)));
}

/** What tsc has not made yet. */
export function missing(root) {
  return outputs(root).filter((name) => !existsSync(join(root, name)));
}

/** Which of these files (relative to the root) no source in lib/ stands for, in the folders that are made of lib/ alone. */
export function strays(root, files = undefined) {
  const made = new Set(outputs(root));
  const folders = readdirSync(join(root, 'lib'), { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => `${e.name}/`);
  const all = files ?? folders.flatMap((folder) => under(join(root, folder)).map((name) => folder + name));
  return all.filter((name) => folders.some((folder) => name.startsWith(folder)) && !made.has(name));
}

/** Removes compiled files without a source, and folders that are empty then; returns their names. What tsc does not make is left alone. */
export function sweep(root) {
  const gone = strays(root).filter((name) => MADE.test(name));
  for (const name of gone) {
    rmSync(join(root, name));
    for (let folder = dirname(name); folder !== '.' && readdirSync(join(root, folder)).length === 0; folder = dirname(folder)) rmdirSync(join(root, folder));
  }
  return gone;
}
