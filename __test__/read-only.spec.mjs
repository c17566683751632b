// Reading a store that another process writes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { ended, run } from './cli.mjs';
import { child, endedWith, entry, folder, open, rejects } from './helpers.mjs';

const reading = (at, more = {}) => ({ memory_path: at, enable_ml: false, read_only: true, refresh_interval_ms: 0, ...more });

/** Every file and folder: length, moment of the last change, hash. */
function print(at) {
  return readdirSync(at, { recursive: true }).sort().map((name) => {
    const stat = statSync(join(at, name), { bigint: true });
    return [name, stat.size, stat.mtimeNs, stat.isFile() ? createHash('sha256').update(readFileSync(join(at, name))).digest('hex') : ''];
  });
}

test('a reader changes no byte, whatever is called', async (t) => {
  const at = folder();
  const writer = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  await writer.storeChunks(Array.from({ length: 300 }, (_, i) => ({ id: `c${i}`, content: `chunk ${i} about sessions`, tags: [`t${i % 3}`] })));
  await writer.addFeedback({ chunk_id: 'c1', kind: 'success', query: 'sessions' });
  await writer.shutdown();
  const before = print(at);
  const reader = await open(t, reading(at, { refresh_interval_ms: 5 }));
  assert.equal((await reader.getChunk('c7')).content, 'chunk 7 about sessions');
  assert.equal((await reader.searchSimilar('sessions', { filter: { tags: { any: ['t1'] } }, limit: 200 })).length, 100);
  assert.ok((await reader.verify()).ok);
  assert.equal((await reader.health()).status, 'ok');
  assert.equal((await reader.history('c7')).length, 1);
  let listed = 0;
  for await (const _ of reader.listChunks()) listed++;
  assert.equal(listed, 300);
  const { follow } = await reader.getStats();
  assert.ok(follow !== null && follow.age_ms >= 0);
  assert.equal(await reader.refresh(), false);
  await reader.flush();
  const writes = {
    storeChunk: () => reader.storeChunk({ id: 'x', content: 'x' }),
    storeChunks: () => reader.storeChunks([{ id: 'x', content: 'x' }]),
    deleteChunk: () => reader.deleteChunk('c1'),
    deleteWhere: () => reader.deleteWhere({ tags: { any: ['t1'] } }),
    optimize: () => reader.optimize(),
    addFeedback: () => reader.addFeedback({ chunk_id: 'c1', kind: 'success' }),
    trainIncremental: () => reader.trainIncremental(),
    learnFromSpikes: () => reader.learnFromSpikes({ path: at }),
    learnFromFiles: () => reader.learnFromFiles([at]),
    flush: () => reader.flush({ embedded: true }),
    watch: () => reader.watch({ paths: [at] }).next(),
    // before anything is fetched, read or made
    sources: () => reader.learnFromFiles([], { sources: [{ url: 'http://127.0.0.1:9/x.md' }] }),
    importJsonl: () => reader.importJsonl(join(at, 'no such file')),
    snapshot: () => reader.snapshot(copy),
  };
  const copy = `${at}-copy`;
  for (const [name, write] of Object.entries(writes)) await t.test(name, () => rejects(write(), 'READ_ONLY', /without read_only/));
  await reader.shutdown();
  assert.deepEqual(print(at), before);
  assert.ok(!existsSync(copy));
});

test('a missing store is told and not made', async () => {
  const at = folder();
  await rejects(FluoriteBridge.open(reading(join(at, 'no', 'store'))), 'NOT_FOUND', /open it for writing first/);
  await rejects(FluoriteBridge.open(reading(at)), 'NOT_FOUND');
  assert.deepEqual(readdirSync(at), []);
});

test('a reader whose folder is taken away says so, reads on, and goes on when it is back', { skip: process.platform === 'win32' && 'open files hold their folder' }, async (t) => {
  const at = join(folder(), 'store');
  const writer = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  await writer.storeChunk({ id: 'a', content: 'written before' });
  await writer.shutdown();
  const reader = await open(t, reading(at));
  renameSync(at, `${at}-moved`);
  await rejects(reader.refresh(), 'NOT_FOUND', /^the store that is open \(.*store" was removed, moved or emptied since: what was read before is still served; put the folder back .*, or shut it down/);
  assert.equal((await reader.getChunk('a')).content, 'written before');
  assert.match((await reader.health()).storage.detail, /was removed, moved or emptied since/);
  renameSync(`${at}-moved`, at);
  await reader.refresh();
  assert.equal((await reader.health()).status, 'ok');
});

test('a reader and a writer in one process; workers read with the main thread', async (t) => {
  const at = folder();
  const writer = await open(t, { memory_path: at });
  const reader = await open(t, reading(at));
  await writer.storeChunk({ id: 'a', content: 'written here' });
  assert.equal(await reader.getChunk('a'), null);
  assert.equal(await reader.refresh(), true);
  assert.equal((await reader.getChunk('a')).content, 'written here');
  assert.equal(await writer.refresh(), false);
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
    import('${entry}').then(async ({ FluoriteBridge }) => {
      const bridge = await FluoriteBridge.open(${JSON.stringify(reading(at))});
      parentPort.postMessage((await bridge.getChunk('a')).content);
      await bridge.shutdown();
    });`, { eval: true },
  );
  const said = await new Promise((done, fail) => worker.on('message', done).on('error', fail));
  assert.equal(said, 'written here');
  await worker.terminate();
});

test('what another process writes comes by itself, and listeners are told', async (t) => {
  const at = folder();
  await (await FluoriteBridge.open({ memory_path: at, enable_ml: false })).shutdown();
  const reader = await open(t, reading(at, { refresh_interval_ms: 20 }));
  const events = reader.events({ types: ['ChunkStored'] });
  const writing = child('writing.mjs', { at, rounds: 3 });
  const awake = setInterval(() => undefined, 1_000); // listening does not keep a process alive
  t.after(() => clearInterval(awake));
  const told = [];
  for await (const event of events) {
    told.push(event.id);
    if (told.length === 15) break;
  }
  assert.deepEqual(told.slice(0, 5), ['m0', 'm1', 'm2', 'm3', 'c0']);
  assert.equal((await reader.getChunk('c2')).id, 'c2');
  endedWith(await writing, 0);
});

test('a writer in another process, killed and started again: a refresh sees all it had acknowledged, and never half a batch', async (t) => {
  const at = folder();
  await (await FluoriteBridge.open({ memory_path: at, enable_ml: false })).shutdown();
  const reader = await open(t, reading(at));
  let looks = 0;
  for (const until of [40, 25, 130]) {
    let done = -1;
    let looking;
    const look = async () => {
      const known = done;
      await reader.refresh();
      const chunks = await reader.getChunks(['m0', 'm1', 'm2', 'm3', ...(known < 0 ? [] : [`c${known}`])]);
      const texts = new Set(chunks.slice(0, 4).map((c) => c?.content));
      assert.equal(texts.size, 1, [...texts].join(' | '));
      const seen = Number(/round (\d+)/.exec([...texts][0])?.[1] ?? -1);
      assert.ok(known < 0 || seen >= known, `round ${known} was acknowledged, round ${seen} is seen`);
      const hits = seen < 0 ? [] : await reader.searchSimilar('all four', { filter: { tags: { any: [`r${seen}`] } }, limit: 10 });
      assert.ok(seen < 0 || hits.length === 4, `${hits.length} of batch ${seen} found`);
      looks++;
    };
    const ended = await child('writing.mjs', { at }, {
      line(text, process) {
        const round = /^done (\d+)/.exec(text);
        if (round === null) return;
        done = Number(round[1]);
        looking = (looking ?? Promise.resolve()).then(look);
        looking.catch(() => process.kill('SIGKILL'));
        if (done === until) process.kill('SIGKILL');
      },
    });
    assert.equal(ended.signal, 'SIGKILL', ended.stderr);
    await looking;
    await look(); // after its death, before anyone has opened it
    assert.equal((await reader.health()).status, 'ok');
    done = -1;
  }
  t.diagnostic(`${looks} looks`);
  await (await FluoriteBridge.open({ memory_path: at, enable_ml: false })).shutdown();
  await reader.refresh();
  assert.ok((await reader.verify()).ok);
});

test('the command line reads a store that is held', async (t) => {
  const at = folder();
  const writer = await open(t, { memory_path: at });
  await writer.storeChunk({ id: 'a', content: 'held by this process' });
  const cli = (...args) => run(['--memory-path', at, '--no-ml', ...args]);
  const held = await cli('get', 'a');
  assert.match(held.stderr, /STORE_LOCKED/);
  const read = await cli('--read-only', 'get', 'a', '--json');
  assert.match(ended(read), /held by this process/);
  const write = await cli('--read-only', 'delete', 'a', '--yes');
  assert.match(write.stderr, /READ_ONLY/);
  const doctor = JSON.parse(ended(await cli('--read-only', 'doctor', '--json')));
  assert.deepEqual(doctor.checks.filter((c) => c.name === 'store' || c.name === 'folder').map((c) => c.status), ['ok', 'ok'], 'it reads beside the writer');
});

test('the command line writes nothing at all with --read-only', async () => {
  const cwd = folder();
  const cli = (...args) => run([...args, '--read-only', '--memory-path', 'memory'], { cwd });
  for (const args of [['init'], ['schedule', '.', '--kind', 'manual'], ['mcp', '--import-graph', 'x'], ['learn', '.'], ['store', '-']]) {
    const { code, stderr } = await cli(...args);
    assert.ok(code !== 0, `${args[0]}: ${stderr}`);
    if (args[0] === 'init' || args[0] === 'schedule') assert.match(stderr, /READ_ONLY.*leave out --read-only/);
  }
  assert.deepEqual(readdirSync(cwd), []);
});

test('read_only stands before the sections of the configuration file; the doctor knows it', async (t) => {
  const cwd = folder();
  const at = join(cwd, 'memory');
  const toml = (text) => writeFileSync(join(cwd, 'fluorite.toml'), `memory_path = "memory"\n${text}`);
  toml('read_only = true\nenable_ml = false\n');
  const doctor = async () => JSON.parse((await run(['doctor', '--json'], { cwd })).stdout);
  const gone = (await doctor()).checks.find((c) => c.status === 'fail');
  assert.match(gone.remedy, /open the store for writing first/);
  const writer = await open(t, { memory_path: at });
  await writer.storeChunk({ id: 'a', content: 'held by this process' });
  assert.match(ended(await run(['get', 'a', '--json'], { cwd })), /held by this process/);
  assert.match((await run(['schedule', '.', '--kind', 'manual'], { cwd })).stderr, /READ_ONLY/);
  assert.equal((await doctor()).ok, true, 'of a store that another process has');
  const config_path = join(cwd, 'fluorite.toml');
  for (const section of ['memory', 'ml']) {
    toml(`[${section}]\nread_only = true\n`);
    await rejects(FluoriteBridge.open({ config_path }), 'INVALID_CONFIG', /read_only/);
  }
});
