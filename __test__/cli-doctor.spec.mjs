// `fluorite doctor` on set-ups that are broken one way each: what it says, and what it says to do.
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { ended, json, run, withModel } from './cli.mjs';
import { folder, open, root } from './helpers.mjs';

/** Runs the doctor in a folder with this configuration; the checks by name. */
async function examine(config, code, { cwd = folder(), env, args = [], script } = {}) {
  writeFileSync(join(cwd, 'fluorite.toml'), config);
  const report = json(await run(['doctor', '--json', ...args], { cwd, env, ...(script && { script }) }), code);
  assert.equal(report.ok, code === 0);
  const checks = Object.fromEntries(report.checks.map((c) => [c.name, c]));
  for (const c of report.checks) assert.equal(c.remedy === null, c.status === 'ok' || c.status === 'skip', JSON.stringify(c));
  return checks;
}

/** The package as installed, without models, runtime and addon; `addon` says what stands in its place. */
function installation(addon) {
  const at = folder();
  for (const name of ['cli', 'facade', 'index.js', 'package.json']) cpSync(join(root, name), join(at, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(at, 'node_modules'), 'junction');
  for (const name of readdirSync(root).filter((n) => n.endsWith('.node'))) {
    if (addon === 'whole') cpSync(join(root, name), join(at, name));
    else if (addon === 'damaged') writeFileSync(join(at, name), 'no library');
  }
  return join(at, 'cli', 'main.js');
}

const WORDS = 'memory_path = "memory"\nenable_ml = false\n';
const MODEL = 'memory_path = "memory"\n';

// each test has its own folder: two at a time halve what starting processes costs
describe('fluorite doctor', { concurrency: 2 }, () => {
  test('nothing is wrong', { skip: !withModel && 'needs npm run setup' }, async (t) => {
    const cwd = folder();
    const checks = await examine(MODEL, 0, { cwd });
    assert.deepEqual(Object.values(checks).filter((c) => c.status !== 'ok').map((c) => c.name), ['store']);
    assert.match(checks.model.detail, /^all-MiniLM-L6-v2@[0-9a-f]{16} .*384 dimensions/);
    assert.deepEqual(readdirSync(cwd), ['fluorite.toml'], 'it makes no store');
    const bridge = await open(t, { memory_path: join(cwd, 'memory') });
    await bridge.storeChunk({ content: 'x' });
    await bridge.shutdown();
    const text = ended(await run(['doctor'], { cwd }));
    assert.match(text, /^ok {4}store {5}\S+memory: 1 chunks/m);
    assert.match(text, /\nnothing is wrong\n$/);
  });

  test('the configuration: a wrong key, no TOML, none at all', async () => {
    const key = await examine(`${WORDS}[memory]\ncahce_size_mb = 1\n`, 1);
    assert.match(key.config.detail, /cahce_size_mb/);
    assert.match(key.config.detail, /cache_size_mb/);
    assert.match(key.config.remedy, /^correct .*fluorite\.toml; `fluorite init/);
    assert.equal(key.model.status, 'skip');
    const toml = await examine('memory_path = "memory\n', 1);
    assert.match(toml.config.detail, /line 1/);
    assert.deepEqual([toml.folder.status, toml.store.status], ['skip', 'skip'], 'what is wrong is told once');
    assert.match(toml.folder.detail, /^the configuration comes first/);
    assert.match(toml.store.detail, /^the configuration comes first/, 'nobody knows whether nothing is stored');
    const away = await examine(WORDS, 1, { args: ['--config', 'other.toml'] });
    assert.deepEqual(Object.values(away).filter((c) => c.status === 'fail').map((c) => c.name), ['config']);
    assert.match(away.config.remedy, /name another file with --config or FLUORITE_CONFIG, or write this one: fluorite init ".*other\.toml"$/);
    const unnamed = await examine('enable_ml = false\n', 1);
    assert.match(unnamed.folder.remedy, /^set memory_path in .*fluorite\.toml, give --memory-path/);
    assert.equal(unnamed.config.status, 'ok');
    const none = json(await run(['doctor', '--json', '--no-ml'], { cwd: folder() }), 1);
    assert.match(none.checks.find((c) => c.name === 'folder').remedy, /fluorite init/);
    assert.equal(none.checks.find((c) => c.name === 'addon').status, 'ok');
    assert.equal(none.checks.filter((c) => c.name === 'store').length, 1);
    const spikes = await examine(`${WORDS}spike_templates_path = "absent"\n`, 0);
    assert.deepEqual([spikes.spikes.status, /absent is no folder$/.test(spikes.spikes.detail)], ['warn', true]);
    const threads = await examine(WORDS, 1, { env: { FLUORITE_NUM_THREADS: 'many' } });
    assert.match(threads.config.detail, /FLUORITE_NUM_THREADS/);
  });

  test('the model: none of that name; the library: none, and garbage', async () => {
    const name = await examine(`${MODEL}[ml]\nembedding_model = "absent"\n`, 1);
    assert.match(name.model.detail, /^MODEL_NOT_FOUND: .*absent/);
    assert.match(name.model.remedy, /embedding_model.*enable_ml = false/);
    const absent = await examine(MODEL, 1, { env: { ORT_DYLIB_PATH: join(folder(), 'libonnxruntime.so.1') } });
    assert.equal(absent.runtime.status, 'fail');
    assert.match(absent.runtime.remedy, /npm run setup.*ORT_DYLIB_PATH/);
    assert.equal(absent.model.status, 'skip');
    const file = join(folder(), 'libonnxruntime.so.1');
    writeFileSync(file, 'x'.repeat(5000));
    const garbage = await examine(MODEL, 1, { env: { ORT_DYLIB_PATH: file } });
    assert.match(garbage.runtime.detail, /not a shared library/);
    const off = await examine(MODEL, 0, { args: ['--no-ml'], env: { ORT_DYLIB_PATH: file } });
    assert.match(off.model.detail, /^off/);
  });

  test('the installation: no models, no addon, a damaged addon', async () => {
    const bare = await examine(MODEL, 1, { script: installation('whole') });
    assert.equal(bare.addon.status, 'ok');
    assert.ok([bare.model.status, bare.runtime?.status].includes('fail'), JSON.stringify(bare));
    const named = await examine(WORDS, 1, { env: { FLUORITE_ADDON_PATH: join(folder(), 'absent.node') } });
    assert.equal(named.addon.remedy, 'correct or unset FLUORITE_ADDON_PATH');
    for (const addon of ['absent', 'damaged']) {
      const script = installation(addon);
      const checks = await examine(MODEL, 1, { script });
      assert.equal(checks.addon.status, 'fail', addon);
      assert.match(checks.addon.remedy, /install/);
      // what needs no engine works, what does says it in a line
      ended(await run(['--help'], { script }));
      const list = await run(['store', '--memory-path', join(folder(), 'm')], { script, cwd: folder(), input: 'x' });
      ended(list, 1);
      assert.match(list.stderr, /^fluorite: ADDON_NOT_FOUND: [^\n]*install[^\n]*\n$/);
    }
  });

  test('the store: in use (by whom), a file in its place, damaged', async (t) => {
    const cwd = folder();
    const bridge = await open(t, { memory_path: join(cwd, 'memory') });
    await bridge.storeChunk({ content: 'held' });
    const held = await examine(WORDS, 0, { cwd });
    assert.match(held.store.detail, new RegExp(`memory: 1 chunks, .*, in use by process ${process.pid}\\b.*: that is fine, and it was read beside it\\. .*--wait.*--read-only$`));
    assert.match(held.verify.detail, /^1 records, .*all sound$/);
    await bridge.storeChunk({ content: 'written meanwhile' });
    await bridge.shutdown();
    assert.equal((await examine(WORDS, 0, { cwd })).store.status, 'ok');
    writeFileSync(join(cwd, 'memory', 'MANIFEST'), 'garbage');
    assert.equal((await examine(WORDS, 1, { cwd })).store.status, 'fail');

    const other = folder();
    writeFileSync(join(other, 'memory'), 'a file');
    assert.match((await examine(WORDS, 1, { cwd: other })).folder.detail, /is a file$/);
  });

  test('a folder that cannot be written, or not even read', { skip: (process.platform === 'win32' || process.getuid() === 0) && 'needs a user who is not root' }, async (t) => {
    const cwd = folder();
    const memory = join(cwd, 'memory');
    mkdirSync(memory, { mode: 0o500 });
    t.after(() => chmodSync(memory, 0o700));
    const checks = await examine(WORDS, 1, { cwd });
    assert.match(checks.folder.remedy, /chmod -R u\+rwX ".*", or choose another folder; a store in it can be read with --read-only$/);
    chmodSync(memory, 0o700);
    await (await open(t, { memory_path: memory })).shutdown();
    chmodSync(memory, 0);
    const hidden = await examine(WORDS, 1, { cwd });
    assert.match(hidden.folder.detail, /cannot be read or written/);
    assert.deepEqual([hidden.store.status, hidden.store.detail], ['skip', 'the folder comes first: what is in it cannot be seen']);
    const listed = await run(['list'], { cwd });
    ended(listed, 1);
    assert.match(listed.stderr, /^fluorite: IO: cannot look into ".*memory": permission denied/, 'not to be seen is not the same as not there');
    chmodSync(memory, 0o700);
    chmodSync(join(memory, 'log'), 0);
    t.after(() => chmodSync(join(memory, 'log'), 0o700));
    assert.match((await examine(WORDS, 1, { cwd })).store.remedy, /chmod -R u\+rwX/);
    chmodSync(join(memory, 'log'), 0o700);
  });
});
