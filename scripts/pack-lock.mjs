// The lock of an empty project with our tarballs: of the repository's own lock, what they and the named packages need. With it
// `npm ci --offline` asks npm's cache for nothing but what `npm ci` of the repository has put there.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { root } from './pack-run.mjs';

const lock = () => JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;

/**
 * Writes `package.json` and `package-lock.json` of a project in `folder` that depends on the root's tarball and on `names`. This
 * platform's package comes with the root, as from a registry; the others are named, and npm passes over them.
 */
export function project(folder, packed, names = []) {
  const locked = lock();
  const file = ({ tarball }) => `file:${relative(folder, tarball).replaceAll('\\', '/')}`;
  const main = packed.find(({ manifest }) => manifest.optionalDependencies);
  const packages = { 'node_modules/fluorite-bridge': tarred(main, file(main)) };
  for (const name of Object.keys(main.manifest.optionalDependencies)) {
    const here = packed.find(({ manifest }) => manifest.name === name);
    const own = JSON.parse(readFileSync(join(root, 'npm', name.slice('fluorite-bridge-'.length), 'package.json'), 'utf8'));
    packages[`node_modules/${name}`] = { ...(here ? tarred(here, file(here)) : entry(own)), optional: true };
  }
  for (const name of [...names, ...Object.keys(main.manifest.dependencies)]) take(packages, locked, '', name, true);
  const dependencies = { ...Object.fromEntries(names.map((name) => [name, locked[`node_modules/${name}`].version])), 'fluorite-bridge': file(main) };
  const own = { name: 'app', version: '1.0.0', dependencies };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...own, private: true }));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ name: 'app', version: '1.0.0', lockfileVersion: 3, requires: true, packages: { '': own, ...packages } }));
}

function tarred({ tarball, manifest }, resolved) {
  return { ...entry(manifest), resolved, integrity: `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}` };
}

/** What a lock says of a package. */
function entry({ version, license, dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta, bin, engines, os, cpu, libc }) {
  return { version, license, dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta, bin, engines, os, cpu, libc };
}

/** A package as `from` finds it, and what it needs in turn; optional packages and peers only where the repository has them. */
function take(packages, locked, from, name, required) {
  const at = found(locked, from, name);
  if (!at && required) throw new Error(`${name} is not in package-lock.json`);
  if (!at || packages[at]) return;
  const { dev: _, devOptional: __, ...said } = locked[at];
  packages[at] = said;
  for (const needed of Object.keys(said.dependencies ?? {})) take(packages, locked, at, needed, true);
  for (const wanted of Object.keys({ ...said.optionalDependencies, ...said.peerDependencies })) take(packages, locked, at, wanted, false);
}

/** Node's own look-up, in the lock. */
function found(locked, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (locked[path]) return path;
    if (at === '') return undefined;
  }
}
