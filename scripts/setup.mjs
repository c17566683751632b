#!/usr/bin/env node
// All set-up from a fresh clone: npm packages, ONNX Runtime library, TypeScript, Rust addon. Does only what is out of
// date, so a second run takes a moment. Needs nothing from node_modules itself.
//   node scripts/setup.mjs                        set up
//   node scripts/setup.mjs --no-addon             set up, with an addon that is there already
//   node scripts/setup.mjs --test                 set up, then all tests
//   node scripts/setup.mjs --then script [args]   set up, then run a script
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ordered } from './native-types.mjs';
import { missing, sweep } from './outputs.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const stampFile = at('node_modules', '.fluorite-setup.json');

main(process.argv.slice(2));

function main(args) {
  const began = performance.now();
  checkNode();
  packages();
  const stamps = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
  runtime();
  if (args[0] !== '--no-addon') addon(stamps);
  typescript(stamps);
  writeFileSync(stampFile, JSON.stringify(stamps));
  console.log(`set-up complete (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  if (args[0] === '--test') test();
  if (args[0] === '--then') run(process.execPath, [at(args[1]), ...args.slice(2)], { cwd: process.env.INIT_CWD ?? root });
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 17)) fail(`Node ${process.versions.node} is too old: install Node 20.17 or newer`);
}

/** npm ci when node_modules is not that of package-lock.json. */
function packages() {
  const lock = hash([readFileSync(at('package-lock.json'))]);
  const mark = at('node_modules', '.fluorite-lock');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  step('npm packages');
  const npm = process.env.npm_execpath;
  if (npm) run(process.execPath, [npm, 'ci', '--ignore-scripts']);
  else run('npm', ['ci', '--ignore-scripts'], { shell: process.platform === 'win32' });
  writeFileSync(mark, lock);
}

/** The ONNX Runtime library of this platform, from the onnxruntime-node package to runtime/. */
function runtime() {
  const from = at('node_modules', 'onnxruntime-node', 'bin', 'napi-v6', process.platform, process.arch);
  if (!existsSync(from)) {
    console.warn(`no ONNX Runtime library for ${process.platform}-${process.arch}: set ORT_DYLIB_PATH, or use enable_ml: false`);
    return;
  }
  for (const name of readdirSync(from).filter((n) => /^(lib)?onnxruntime.*\.(so|dylib|dll)/.test(n))) {
    const to = at('runtime', name.replace(/\.[\d.]+\.dylib$/, '.dylib')); // the name it is looked for
    if (existsSync(to) && statSync(to).size === statSync(join(from, name)).size) continue;
    step('ONNX Runtime library');
    mkdirSync(at('runtime'), { recursive: true });
    copyFileSync(join(from, name), to);
  }
}

/** The addon, when a Rust source or manifest changed since it was built. */
function addon(stamps) {
  const sources = files(at('crates')).filter((f) => !/[\\/](tests|examples|fluorite-torture|fluorite-fuzz)[\\/]/.test(relative(root, f)));
  const now = hash([...files(at('src')), ...sources, at('Cargo.toml'), at('Cargo.lock'), at('build.rs')].map(mtime));
  const built = readdirSync(root).some((n) => n.endsWith('.node'));
  if (built && stamps.addon === now) return;
  if (spawnSync('cargo', ['--version']).status !== 0) fail('cargo was not found: install Rust 1.92 or newer (https://rustup.rs)');
  step('Rust addon (the first build takes some minutes)');
  const cli = packageBin('@napi-rs/cli', 'napi');
  run(process.execPath, [cli, 'build', '--platform', '--release', '--no-js', '--dts', 'native.d.ts']);
  writeFileSync(at('native.d.ts'), ordered(readFileSync(at('native.d.ts'), 'utf8')));
  stamps.addon = now;
}

/** index.js, the entry points and their declarations; what an older checkout left there goes. */
function typescript(stamps) {
  const gone = sweep(root);
  if (gone.length > 0) console.log(`\nremoved ${gone.length} compiled files without a source: ${gone.slice(0, 3).join(', ')}${gone.length > 3 ? ', ...' : ''}`);
  const sources = [...files(at('lib')).filter((f) => f.endsWith('.ts')), at('tsconfig.json'), at('native.d.ts')];
  const now = hash(sources.map((f) => readFileSync(f)));
  if (stamps.typescript === now && missing(root).length === 0) return;
  step('TypeScript');
  run(process.execPath, [packageBin('typescript', 'tsc'), '-p', root]);
  stamps.typescript = now;
}

function test() {
  step('Rust tests');
  run('cargo', ['test', '--workspace']);
  step('JavaScript tests');
  const specs = readdirSync(at('__test__')).filter((n) => n.endsWith('.spec.mjs')).map((n) => join('__test__', n));
  // Node's own choice is one less than there are cores: one file at a time on two
  const files = Math.max(2, availableParallelism() - 1);
  run(process.execPath, ['--test', `--test-concurrency=${files}`, ...specs]);
  console.log(`\nAll tests passed: Rust workspace and ${specs.length} JavaScript test files.`);
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath ?? e.path, e.name))
    .sort();
}

function mtime(file) {
  const { mtimeMs, size } = statSync(file);
  return `${relative(root, file)} ${mtimeMs} ${size}\n`;
}

function hash(parts) {
  const h = createHash('sha256');
  for (const part of parts) h.update(part);
  return h.digest('hex');
}

function packageBin(name, bin) {
  const folder = at('node_modules', ...name.split('/'));
  const { bin: bins } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, bins[bin]);
}

function step(name) {
  console.log(`\n> ${name}`);
}

function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) fail(`${basename(command)}: ${error.message}`);
  if (status !== 0) process.exit(status ?? (signal ? 1 : 0));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
