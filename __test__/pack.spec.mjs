// What is published, and what importing it says when a part is missing. `npm run pack:check` tries the whole.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { missing, strays, sweep } from '../scripts/outputs.mjs';
import { noticesOf, targetOf } from '../scripts/pack-notices.mjs';
import { folder, node, root } from './helpers.mjs';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const platforms = readdirSync(join(root, 'npm'), { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name);
const [os, cpu] = [process.platform, process.arch];
const here = platforms.find((name) => name.startsWith(`${os}-${cpu}`));

test('every platform package is of the root\'s version, for one system, and runs nothing at install', () => {
  assert.deepEqual([...platforms].sort(), ['darwin-arm64', 'linux-arm64-gnu', 'linux-x64-gnu', 'win32-arm64-msvc', 'win32-x64-msvc']);
  for (const name of platforms) {
    const own = JSON.parse(readFileSync(join(root, 'npm', name, 'package.json'), 'utf8'));
    assert.equal(own.name, `fluorite-bridge-${name}`);
    assert.equal(own.version, manifest.version, name);
    assert.equal([own.os[0], own.cpu[0]].join('-'), name.split('-').slice(0, 2).join('-'));
    assert.deepEqual(own.libc, name.endsWith('-gnu') ? ['glibc'] : undefined, name);
    assert.equal(own.scripts ?? own.private ?? own.dependencies, undefined, name);
    assert.equal(own.engines.node, manifest.engines.node);
  }
});

test('the root package has no install script, and types first in each export', () => {
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) assert.equal(manifest.scripts[script], undefined);
  const conditions = (target) => (typeof target === 'string' ? [] : [Object.keys(target)[0], ...Object.values(target).flatMap(conditions)]);
  for (const [name, target] of Object.entries(manifest.exports)) {
    if (name === './package.json') continue;
    assert.ok(conditions(target).every((first) => first === 'types' || typeof target[first] === 'object'), name);
  }
  assert.ok(!manifest.files.some((file) => /\.node|runtime/.test(file)));
});

test('a compiled file without a source is told, and swept away by the set-up; nothing else is', () => {
  const at = folder();
  const put = (...names) => names.forEach((name) => {
    mkdirSync(join(at, name, '..'), { recursive: true });
    writeFileSync(join(at, name), '');
  });
  put('lib/index.ts', 'lib/cli/main.ts', 'lib/nestjs/http/status.ts', 'index.js', 'index.d.ts', 'cli/main.js', 'cli/main.d.ts', 'nestjs/http/status.js', 'scripts/tool.js', 'cli/notes.txt');
  put('cli/records.js', 'cli/records.d.ts', 'nestjs/http/dto/old.dto.js', 'nestjs/http/dto/old.dto.d.ts');
  const old = ['cli/records.d.ts', 'cli/records.js', 'nestjs/http/dto/old.dto.d.ts', 'nestjs/http/dto/old.dto.js'];
  assert.deepEqual(strays(at).sort(), ['cli/notes.txt', ...old]);
  assert.deepEqual(strays(at, ['index.js', 'index.mjs', 'cli/main.js', 'cli/records.js', 'models/x.js']), ['cli/records.js'], 'of what is packed');
  assert.deepEqual(missing(at), ['nestjs/http/status.d.ts']);
  assert.deepEqual(sweep(at), old);
  assert.ok(!existsSync(join(at, 'nestjs/http/dto')) && existsSync(join(at, 'nestjs/http/status.js')) && existsSync(join(at, 'scripts/tool.js')));
  assert.deepEqual(strays(at), ['cli/notes.txt'], 'which is not ours to remove');
  assert.deepEqual(sweep(at), []);
});

test('this checkout holds what lib/ makes, and nothing that would be packed beside it', () => {
  assert.deepEqual(missing(root), []);
  assert.deepEqual(strays(root), []);
});

/** The JavaScript as it is installed, with no addon; `run` imports it as that system. */
function installed() {
  const modules = join(folder(), 'node_modules');
  const own = join(modules, 'fluorite-bridge');
  mkdirSync(own, { recursive: true });
  for (const name of ['package.json', 'index.js', 'index.mjs', 'facade']) cpSync(join(root, name), join(own, name), { recursive: true });
  const run = async (platform = os, arch = cpu) => {
    const pretend = `for (const [name, value] of [['platform', '${platform}'], ['arch', '${arch}']]) Object.defineProperty(process, name, { value });`;
    const source = `${pretend}
      const { createRequire } = await import('node:module');
      try { createRequire(${JSON.stringify(join(own, 'x.js'))})('fluorite-bridge'); console.log('loaded'); }
      catch (e) { console.log(e.name, e.code, e.message); }`;
    return (await node(source)).stdout.trim();
  };
  const platform = (name, version, addon) => {
    const at = join(modules, `fluorite-bridge-${name}`);
    mkdirSync(at);
    writeFileSync(join(at, 'package.json'), JSON.stringify({ name: `fluorite-bridge-${name}`, version }));
    if (addon) writeFileSync(join(at, `fluorite-bridge.${name}.node`), addon);
  };
  return { run, platform };
}

test('importing without the platform\'s package says which is missing, and why that happens', async () => {
  const { run } = installed();
  const message = await run();
  assert.match(message, /^FluoriteError ADDON_NOT_FOUND /);
  assert.ok(message.includes(`fluorite-bridge-${here}`) && message.includes('--omit=optional') && message.includes(`--cpu=${cpu}`), message);
});

test('importing on a system without a package says which there are, and the way out', async () => {
  const { run } = installed();
  for (const [platform, arch] of [['darwin', 'x64'], ['freebsd', 'x64'], ['linux', 'ia32']]) {
    const message = await run(platform, arch);
    assert.ok(message.includes(`no package for ${platform}-${arch}`) && message.includes('linux-x64-gnu') && message.includes('FLUORITE_ADDON_PATH'), message);
  }
});

test('importing with a package of another version, or a damaged addon, says so', async () => {
  const other = installed();
  other.platform(here, '9.9.9');
  assert.match(await other.run(), /ADDON_NOT_FOUND .*9\.9\.9.*reinstall both/);
  const damaged = installed();
  damaged.platform(here, manifest.version, 'not an addon');
  assert.match(await damaged.run(), /ADDON_NOT_FOUND the addon .* cannot be loaded: .*reinstall/);
});

test('notices name what is linked, with the licences of bundled sources, and nothing else', () => {
  const at = folder();
  const crate = (name, files = {}, more = {}) => {
    for (const [file, text] of Object.entries({ 'Cargo.toml': '', ...files })) {
      mkdirSync(join(at, name, file, '..'), { recursive: true });
      writeFileSync(join(at, name, file), text);
    }
    return { id: name, name, version: '1.0.0', license: 'MIT', source: 'registry', authors: ['Ann <ann@example.org>'], manifest_path: join(at, name, 'Cargo.toml'), targets: [{ kind: ['lib'] }], ...more };
  };
  const packages = [
    crate('ours', {}, { source: null }), crate('direct', { 'LICENSE-MIT': 'same text\r\n', 'vendor/lib/COPYING': 'bundled text', 'src/license.rs': 'code', 'tests/LICENSE': 'test data text' }),
    crate('deep', { LICENSE: 'same text' }), crate('bare'), crate('build', { LICENSE: 'build text' }), crate('dev', { LICENSE: 'dev text' }),
    crate('macros', { LICENSE: 'macro text' }, { targets: [{ kind: ['proc-macro'] }] }), crate('under', { LICENSE: 'under text' }),
  ];
  const needs = (pkg, kind = null) => ({ pkg, dep_kinds: [{ kind }] });
  const deps = { ours: [needs('direct'), needs('build', 'build'), needs('dev', 'dev'), needs('macros')], direct: [needs('deep'), needs('bare')], macros: [needs('under')] };
  const text = noticesOf({ packages, resolve: { root: 'ours', nodes: packages.map(({ id }) => ({ id, deps: deps[id] ?? [] })) } }, 'x86_64-unknown-linux-gnu');
  assert.match(text, /deep 1\.0\.0 \(MIT\): LICENSE\ndirect 1\.0\.0 \(MIT\): LICENSE-MIT\n\nsame text\n/, 'equal texts stand once');
  assert.match(text, /direct 1\.0\.0 \(MIT\): vendor\/lib\/COPYING\n\nbundled text/);
  assert.match(text, /without a licence file.*\n\nbare 1\.0\.0 \(MIT\), by Ann\n/);
  assert.doesNotMatch(text, /build text|dev text|macro text|under text|test data text|code|ours 1/);
  assert.ok(!text.includes(at));
  const targets = platforms.map((name) => targetOf(JSON.parse(readFileSync(join(root, 'npm', name, 'package.json'), 'utf8'))));
  assert.deepEqual(targets.sort(), [...manifest.napi.targets].sort());
});
