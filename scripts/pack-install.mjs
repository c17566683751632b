// Packing and installing, as npm does it for a user without network.
import { mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { project } from './pack-lock.mjs';
import { root, run } from './pack-run.mjs';

const mb = (bytes) => Math.round(bytes / 1e4) / 100;

/** Stages and packs what is built here; each package's publication is tried dry, and must not warn. */
export function packAll(work) {
  const stage = staged(work, 'stage');
  return readdirSync(stage).sort().map((name) => {
    const folder = join(stage, name);
    dryRun(folder);
    const [{ filename, size, unpackedSize, entryCount, files }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', work], folder).stdout);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { name, manifest, tarball: join(work, filename), tarball_mb: mb(size), unpacked_mb: mb(unpackedSize), files: entryCount, contents: files.map(({ path }) => path), publish_dry_run: 'clean' };
  });
}

/** The dry run for the platforms that are not built here: of all but their binaries. */
export function manifestsOnly(work) {
  const stage = staged(work, 'manifests', '--manifests-only');
  return readdirSync(stage).sort().map((name) => {
    dryRun(join(stage, name));
    return { name, publish_dry_run: 'clean, of package.json, README and licence: the binaries are not built here' };
  });
}

function staged(work, name, ...options) {
  const stage = join(work, name);
  mkdirSync(stage);
  run(process.execPath, [join(root, 'scripts', 'pack-stage.mjs'), stage, ...options], root);
  return stage;
}

function dryRun(folder) {
  const { stderr } = run('npm', ['publish', '--dry-run', '--json', '--access', 'public', '--tag', 'dry-run'], folder);
  const warnings = stderr.split('\n').filter((line) => /npm (warn|error)/i.test(line) && !/Unknown (user|project|env) config|requires you to be logged in/.test(line));
  if (warnings.length > 0) throw new Error(`npm publish --dry-run of ${folder} says:\n${warnings.join('\n')}`);
}

/**
 * Installs the tarballs, and packages the repository has, into an empty project: from npm's cache alone, and from what `npm ci` of the
 * repository puts there.
 */
export function installed(packed, app, names) {
  project(app, packed, names);
  run('npm', ['ci', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'], app);
}

/** The tarballs in an empty project; sizes of what is there then. */
export function install(packed, app) {
  installed(packed, app);
  const modules = join(app, 'node_modules');
  const sizes = folders(modules).map((name) => [name, bytes(join(modules, name))]);
  const ours = sizes.filter(([name]) => name.startsWith('fluorite-bridge'));
  const others = sizes.filter(([name]) => !name.startsWith('fluorite-bridge'));
  const sum = (list) => mb(list.reduce((total, [, size]) => total + size, 0));
  const parts = ours.flatMap(([name]) => readdirSync(join(modules, name)).map((part) => [`${name}/${part}`, mb(bytes(join(modules, name, part)))]));
  return {
    total_mb: sum(sizes),
    what_is_large_mb: Object.fromEntries(parts.filter(([, size]) => size >= 0.2).sort((a, b) => b[1] - a[1])),
    dependencies_mb: sum(others),
    dependencies: others.length,
    install_scripts: folders(modules).filter((name) => hasInstallScript(join(modules, name))),
  };
}

function hasInstallScript(folder) {
  const { scripts = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return ['preinstall', 'install', 'postinstall'].some((name) => name in scripts);
}

/** Names of the packages in a node_modules. */
function folders(modules) {
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) => (name.startsWith('@') ? readdirSync(join(modules, name)).map((n) => `${name}/${n}`) : [name]));
}

function bytes(path) {
  const s = statSync(path);
  return s.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytes(join(path, name)), 0) : s.size;
}
