#!/usr/bin/env node
// Makes the folders that are published, from a built checkout: the root package, and one for each platform whose addon is
// there, with the licences of what is linked into it. Writes nothing but <folder>.
//   node scripts/pack-stage.mjs <folder> [--addons <folder of .node files>] [--notices <ONNX Runtime's ThirdPartyNotices.txt>] [--release] [--manifests-only]
// --release: every platform, every entry point and all notices must be there. --manifests-only: of the platforms whose addon is not
// there, and nothing else, what is published beside the binaries: to look at, not to publish.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { notices, targetOf } from './pack-notices.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
const write = (file, data) => writeFileSync(file, `${JSON.stringify(data, null, 2)}\n`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { addons: { type: 'string', default: root }, notices: { type: 'string' }, release: { type: 'boolean', default: false }, 'manifests-only': { type: 'boolean', default: false } },
});
const out = positionals[0] ?? fail('name the folder to write');
const manifest = json(join(root, 'package.json'));
const platforms = readdirSync(join(root, 'npm'), { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name).sort();
if (values.release && !values.notices) fail('--release needs --notices');

if (values['manifests-only']) {
  const without = platforms.filter((platform) => !existsSync(addonOf(platform)));
  without.forEach(stageManifest);
  console.log(JSON.stringify({ folder: out, version: manifest.version, without_binaries: without }));
} else {
  const staged = platforms.filter(stagePlatform);
  stageRoot();
  console.log(JSON.stringify({ folder: out, version: manifest.version, platforms: staged }));
}

function addonOf(platform) {
  return join(values.addons, `fluorite-bridge.${platform}.node`);
}

/** The folder of a platform's package without what is built, and its package.json as it is here. */
function stageManifest(platform) {
  const from = join(root, 'npm', platform);
  const own = json(join(from, 'package.json'));
  if (own.version !== manifest.version) fail(`npm/${platform} is of version ${own.version}, the root of ${manifest.version}`);
  const to = join(out, own.name);
  mkdirSync(to, { recursive: true });
  copyFileSync(join(from, 'README.md'), join(to, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
  write(join(to, 'package.json'), { ...own, ...repository() });
  return { own, to };
}

/** True when its addon is there. */
function stagePlatform(platform) {
  const addon = addonOf(platform);
  if (!existsSync(addon)) return values.release ? fail(`${basename(addon)} is missing in ${values.addons}`) : false;
  const { own, to } = stageManifest(platform);
  copyFileSync(addon, join(to, basename(addon)));
  runtime(own, to);
  crates(own, to);
  write(join(to, 'package.json'), { ...own, files: own.files.filter((name) => existsSync(join(to, name))), ...repository() });
  return true;
}

/** The ONNX Runtime library under the name it is looked for, and its licence: MIT as ours, of other authors. */
function runtime(own, to) {
  const folder = join(root, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6', own.os[0], own.cpu[0]);
  const library = own.files.find((name) => /onnxruntime\.(so|dylib|dll)/.test(name));
  const found = readdirSync(folder).find((name) => name.replace(/\.[\d.]+\.dylib$/, '.dylib') === library);
  copyFileSync(join(folder, found ?? fail(`${library} is missing in ${folder}`)), join(to, library));
  const { version } = json(join(root, 'node_modules', 'onnxruntime-node', 'package.json'));
  const licence = readFileSync(join(root, 'LICENSE'), 'utf8').replace(/^Copyright.*$/m, 'Copyright (c) Microsoft Corporation');
  writeFileSync(join(to, 'LICENSE.onnxruntime'), `ONNX Runtime ${version} (${library})\n\n${licence}`);
  if (values.notices) copyFileSync(values.notices, join(to, 'ThirdPartyNotices.onnxruntime.txt'));
}

/** The licences of the crates in the addon; a release must have them. */
function crates(own, to) {
  try {
    writeFileSync(join(to, 'THIRD-PARTY-NOTICES'), notices(root, targetOf(own)));
  } catch (e) {
    if (values.release) fail(e.message);
    console.error(`left out, cargo cannot tell: THIRD-PARTY-NOTICES (${e.message.split('\n')[0]})`);
  }
}

function stageRoot() {
  const to = join(out, manifest.name);
  mkdirSync(to, { recursive: true });
  const { private: _, scripts, devDependencies, overrides, napi, ...rest } = manifest;
  for (const name of rest.files.concat('package.json')) {
    if (existsSync(join(root, name)) && name !== 'package.json') cpSync(join(root, name), join(to, name), { recursive: true });
  }
  const targets = (target) => (typeof target === 'string' ? [target] : Object.values(target).flatMap(targets));
  rest.exports = Object.fromEntries(Object.entries(rest.exports).filter(([name, target]) => built(name, targets(target))));
  rest.bin = Object.fromEntries(Object.entries(rest.bin).filter(([name, target]) => built(name, [target])));
  rest.files = rest.files.filter((name) => existsSync(join(to, name)));
  // all of them, also those not staged here: npm passes over an optional package it cannot have
  rest.optionalDependencies = Object.fromEntries(platforms.map((platform) => [`${manifest.name}-${platform}`, manifest.version]));
  write(join(to, 'package.json'), { ...rest, ...repository() });
}

/** An entry point of a package that promises files it has not is worse than none. */
function built(name, targets) {
  const gone = targets.filter((file) => !existsSync(join(root, file)));
  if (gone.length > 0 && values.release) fail(`${name}: ${gone.join(', ')} is missing: npm run build`);
  if (gone.length > 0) console.error(`left out, not built here: ${name} (${gone.join(', ')})`);
  return gone.length === 0;
}

/** Where the package comes from, as npm's provenance wants it; the hosted build knows. */
function repository() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  return server && name ? { repository: { type: 'git', url: `git+${server}/${name}.git` } } : {};
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
