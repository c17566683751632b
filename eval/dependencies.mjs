// Folders of the packages this project depends on: crates by cargo metadata, npm packages by walking node_modules.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { root } from './data.mjs';

/** Crates of the lock file that are not this project's own; empty when cargo cannot say (no cargo, nothing fetched). */
export function crates() {
  const { status, stdout } = spawnSync('cargo', ['metadata', '--format-version', '1', '--offline', '--locked'], { cwd: root, maxBuffer: 1 << 28 });
  if (status !== 0) return [];
  const packages = JSON.parse(stdout).packages.filter((p) => p.source !== null);
  return byName(packages.map((p) => ({ kind: 'cargo', name: p.name, version: p.version, folder: dirname(p.manifest_path) })));
}

/** Packages in node_modules, also nested ones. */
export function npmPackages(folder = join(root, 'node_modules')) {
  const found = [];
  for (const name of entries(folder)) {
    const names = name.startsWith('@') ? entries(join(folder, name)).map((n) => `${name}/${n}`) : [name];
    for (const n of names) {
      const manifest = join(folder, n, 'package.json');
      if (!existsSync(manifest)) continue;
      found.push({ kind: 'npm', name: n, version: JSON.parse(readFileSync(manifest, 'utf8')).version ?? '', folder: join(folder, n) });
      found.push(...npmPackages(join(folder, n, 'node_modules')));
    }
  }
  return byName(found);
}

/** Paths of a package's files with one of these extensions, relative with `/`, sorted; nested packages and builds left out. */
export function filesOf(folder, extensions) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && extensions.includes(e.name.slice(e.name.lastIndexOf('.') + 1)))
    .map((e) => relative(folder, join(e.parentPath ?? e.path, e.name)).split(sep).join('/'))
    .filter((path) => !/(^|\/)(node_modules|target)\//.test(path))
    .sort();
}

const entries = (folder) => (existsSync(folder) ? readdirSync(folder).filter((n) => !n.startsWith('.')).sort() : []);

const byName = (list) => list.sort((a, b) => (`${a.name} ${a.version} ${a.folder}` < `${b.name} ${b.version} ${b.folder}` ? -1 : 1));
