// Care of a store through the public API: verify, snapshot, salvage, JSON lines.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { FluoriteBridge, salvage } from '../index.mjs';
import * as commonjs from '../index.js';
import { folder, open, rejects, vector } from './helpers.mjs';

const plain = (memory_path) => ({ memory_path, enable_ml: false });

/** A closed store of `n` chunks with vectors. */
async function made(n = 50) {
  const memory_path = join(folder(), 'store');
  const bridge = await FluoriteBridge.open(plain(memory_path));
  await bridge.storeChunks(Array.from({ length: n }, (_, i) => ({ id: `c${i}`, content: `chunk number ${i} ${'x'.repeat(i)}`, tags: [`t${i % 3}`], embedding: vector(i) })));
  await bridge.deleteChunk('c3');
  await bridge.shutdown();
  return memory_path;
}

async function all(bridge) {
  const found = new Map();
  for await (const chunk of bridge.listChunks()) found.set(chunk.id, chunk.content);
  return found;
}

/** The segment files of a store. */
const segments = (path) => readdirSync(join(path, 'log')).map((name) => join(path, 'log', name));

/** Flips a bit of a file. */
function flip(file, at) {
  const bytes = readFileSync(file);
  bytes[at] ^= 1;
  writeFileSync(file, bytes);
}

test('verify({ deep }) says what was looked at, and names damage with what is lost and what to do', async (t) => {
  const memory_path = await made();
  const bridge = await open(t, plain(memory_path));
  const phases = new Set();
  const sound = await bridge.verify({ deep: true, on_progress: (p) => phases.add(p.phase) });
  assert.deepEqual([sound.ok, sound.deep, sound.versions, sound.damages, sound.damaged], [true, true, 50, 0, []]);
  assert.ok(phases.has('verify'));
  const shallow = await bridge.verify();
  assert.deepEqual([shallow.ok, shallow.deep, shallow.versions], [true, false, 0]);
  const [file] = segments(memory_path);
  flip(file, 2_000);
  const hurt = await bridge.verify({ deep: true });
  assert.equal(hurt.ok, false);
  const [damage] = hurt.damaged;
  assert.match(damage.file, /^log\/\d{8}\.seg$/);
  assert.ok(damage.offset <= 2_000 && damage.offset + damage.length > 2_000, JSON.stringify(damage));
  assert.match(damage.lost, /1 chunks|vectors of 1/);
  assert.match(damage.remedy, /salvage/);
  await rejects(bridge.verify({ deap: true }), 'INVALID_ARGUMENT', /deep/);
  await rejects(bridge.verify({ deep: true, signal: AbortSignal.abort() }), 'ABORTED');
});

test('snapshot: a store of its own; what is not empty, or in the store, is refused', async (t) => {
  const memory_path = await made();
  const bridge = await open(t, plain(memory_path));
  const before = await all(bridge);
  const to = join(folder(), 'deep', 'er', 'copy');
  const told = [];
  const writing = bridge.storeChunks((async function* () {
    for (let i = 0; i < 300; i++) yield { id: `w${i}`, content: `written meanwhile ${i}` };
  })());
  const report = await bridge.snapshot(to, { on_progress: (p) => told.push(p) });
  await writing;
  assert.ok(report.files >= 4 && report.bytes > 0 && report.linked === 0);
  assert.ok(told.length > 0 && told.every((p) => p.phase === 'snapshot' && p.done <= p.total));
  const copy = await open(t, plain(to));
  const found = await all(copy);
  assert.equal(found.size, report.chunks);
  for (const [id, content] of before) assert.equal(found.get(id), content);
  assert.equal((await copy.verify({ deep: true })).ok, true);
  assert.deepEqual((await copy.searchSimilar(vector(7), 1)).map((h) => h.id), ['c7']);
  await rejects(bridge.snapshot(to), 'INVALID_ARGUMENT', /not empty/);
  await rejects(bridge.snapshot(join(memory_path, 'inside')), 'INVALID_ARGUMENT', /lies in/);
  for (const wrong of ['', undefined, 7, 'a\0b']) await rejects(bridge.snapshot(wrong), 'INVALID_ARGUMENT');
  await rejects(bridge.snapshot(join(folder(), 'x'), { hard: true }), 'INVALID_ARGUMENT', /hard/);
  const parent = folder();
  const stop = new AbortController();
  const aborted = bridge.snapshot(join(parent, 'x'), { signal: stop.signal, on_progress: () => stop.abort() });
  // the copy may be made before the callback runs: then it is whole; cut off at each step: crates/fluorite-memory/tests/snapshot.rs
  const ended = await aborted.then(() => 'made', (e) => e.code);
  assert.ok(ended === 'made' || ended === 'ABORTED', ended);
  assert.deepEqual(readdirSync(parent), ended === 'made' ? ['x'] : [], 'nothing is left');
});

test('salvage: a store that does not open, and one that is in use', async (t) => {
  assert.equal(commonjs.salvage, salvage);
  const memory_path = await made();
  const expected = await all(await open(t, plain(cpSyncTo(memory_path))));
  rmSync(join(memory_path, 'MANIFEST'));
  await rejects(FluoriteBridge.open(plain(memory_path)), 'CORRUPT', /salvage/);
  const to = join(folder(), 'saved');
  const phases = new Set();
  const report = await salvage(memory_path, to, { on_progress: (p) => phases.add(p.phase) });
  assert.deepEqual([report.ok, report.chunks, report.vectors, report.deleted], [false, 49, 49, 1]);
  assert.deepEqual([...phases], ['read', 'write']);
  assert.ok(report.warnings.length > 0 && report.damaged.some((d) => d.file === 'MANIFEST'));
  const saved = await open(t, plain(to));
  assert.deepEqual(await all(saved), expected);
  assert.equal((await saved.verify({ deep: true })).ok, true);
  assert.deepEqual((await saved.searchSimilar(vector(9), 1)).map((h) => h.id), ['c9']);

  await rejects(salvage(to, join(folder(), 'x')), 'STORE_LOCKED');
  await rejects(salvage(join(folder(), 'nowhere'), join(folder(), 'x')), 'NOT_FOUND');
  await rejects(salvage(memory_path, to), 'INVALID_ARGUMENT', /not empty/);
  await rejects(salvage(memory_path, join(memory_path, 'x')), 'INVALID_ARGUMENT', /lies in/);
  await rejects(salvage(memory_path, join(folder(), 'x'), { modelsPat: 'x' }), 'INVALID_ARGUMENT', /models_path/);
  await rejects(salvage(7, 'x'), 'INVALID_ARGUMENT');
  await rejects(salvage(memory_path, join(folder(), 'x'), { signal: AbortSignal.abort() }), 'ABORTED');
});

function cpSyncTo(path) {
  const copy = join(folder(), 'copy');
  cpSync(path, copy, { recursive: true });
  return copy;
}

test('vectors of the bundled model are recognised without a MANIFEST', async (t) => {
  const memory_path = join(folder(), 'store');
  const bridge = await FluoriteBridge.open({ memory_path });
  await bridge.storeChunk({ id: 'a', content: 'deploys happen on Fridays' });
  const model = (await bridge.getStats()).model.id;
  await bridge.shutdown();
  rmSync(join(memory_path, 'MANIFEST'));
  const to = join(folder(), 'saved');
  const report = await salvage(memory_path, to);
  assert.deepEqual([report.chunks, report.vectors], [1, 1]);
  const saved = await open(t, { memory_path: to, enable_ml: true });
  assert.equal((await saved.getStats()).model.id, model);
  assert.deepEqual((await saved.searchSimilar('when are releases made', { mode: 'vector' })).map((h) => h.id), ['a']);
});

/** The members of a line that are said to be as they were. */
test('JSON lines: out, in and out again is the same to the byte, through files and streams', async (t) => {
  const from = await open(t, plain(join(folder(), 'store')));
  await from.storeChunks([
    { id: 'all', content: 'text\n"quoted" 日本語 \u2028', frameworks: ['x'], tags: ['b', 'a'], quality_score: 0.3, chunk_type: 'testing', memory_type: 'episodic', language: 'english', source: 'a/b.md', metadata: { deep: { list: [1, 'two', null, 0.25] } }, pinned: true, embedding: vector(1) },
    { id: 'all', content: 'in another namespace', namespace: 'n' },
    { id: 'bytes', content: Buffer.from([1, 255, 0, 10, 13]) },
    { id: 'mortal', content: 'ends', ttl_seconds: 3600 },
    ...Array.from({ length: 300 }, (_, i) => ({ id: `c${i}`, content: `number ${i} ${'y'.repeat(i * 7)}`, embedding: vector(i) })),
  ]);
  for (let i = 0; i < 3; i++) await from.getChunk('all');
  const home = folder();
  const file = join(home, 'out.jsonl');
  const told = [];
  const report = await from.exportJsonl(file, { embeddings: true, on_progress: (p) => told.push(p) });
  const text = readFileSync(file, 'utf8');
  assert.deepEqual([report.chunks, report.vectors, report.bytes], [304, 301, Buffer.byteLength(text)]);
  assert.equal(told.at(-1).done, 304);
  assert.equal(told.at(-1).total, 304);
  assert.deepEqual(readdirSync(home), ['out.jsonl']);
  const first = JSON.parse(text.slice(0, text.indexOf('\n')));
  assert.deepEqual([first.embedding.model, first.embedding.dimensions, Buffer.from(first.embedding.f32, 'base64').length], ['supplied', 384, 384 * 4]);

  const to = await open(t, plain(join(folder(), 'store')));
  const taken = await to.importJsonl(file);
  assert.deepEqual({ ...taken, bad: [] }, { lines: 304, stored: 304, unchanged: 0, expired: 0, failed: 0, vectors: 301, vectors_dropped: 0, bad: [] });
  assert.equal(await exported(to, { embeddings: true }), text);
  const again = await to.importJsonl(Readable.from([text.slice(0, 5_000), Buffer.from(text).subarray(Buffer.byteLength(text.slice(0, 5_000)))]));
  assert.deepEqual([again.stored, again.unchanged], [0, 304]);
  assert.equal(await exported(to, { embeddings: true }), text, 'comparing counts no reads');
  assert.equal((await exported(to, { filter: { namespace: 'n' } })).split('\n').length, 2);

  // interrupted half way: run again, nothing twice
  const half = await open(t, plain(join(folder(), 'store')));
  const stop = new AbortController();
  const bytes = readFileSync(file);
  const stored = async () => (await half.getStats()).chunks;
  const cut = half.importJsonl((async function* () {
    yield bytes.subarray(0, bytes.length / 2);
    while ((await stored()) === 0) await turn();
    stop.abort();
    yield bytes.subarray(bytes.length / 2);
  })(), { signal: stop.signal });
  await rejects(cut, 'ABORTED');
  const had = await stored();
  assert.ok(had > 0 && had < 304, `${had}`);
  const rest = await half.importJsonl(file);
  assert.equal(rest.unchanged >= had && rest.stored + rest.unchanged === 304, true, JSON.stringify(rest));
  assert.equal((await half.getStats()).chunks, 304);
});

/** An export as text. */
async function exported(bridge, options) {
  const parts = [];
  const sink = new Writable({ highWaterMark: 16, write: (part, _, done) => { parts.push(Buffer.from(part)); setImmediate(done); } });
  await bridge.exportJsonl(sink, options);
  return Buffer.concat(parts).toString();
}

test('JSON lines: bad lines, lines cut anywhere, long ones, defaults', async (t) => {
  const bridge = await open(t, plain(join(folder(), 'store')));
  const text = `{"id":"a","content":"x"}\n\nnot json\n{"content":"no id é"}\n{"id":"b","content":"x","colour":1}\n{"id":"c","content":"${'z'.repeat(400_000)}"}\n{"id":"last","content":"no line end"}`;
  const bytes = Buffer.from(text);
  for (const size of [7, 64, 5_000, 1 << 20]) {
    const blocks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    const report = await bridge.importJsonl(blocks, { force: true });
    assert.deepEqual([report.lines, report.stored, report.failed], [6, 4, 2], `${size}`);
    assert.deepEqual(report.bad.map((b) => b.line), [3, 5], `${size}`);
    assert.match(report.bad[1].reason, /colour/);
  }
  assert.equal((await bridge.getStats()).chunks, 4, 'the line without an id is the same chunk each time');
  assert.equal((await bridge.getChunk('c')).content.length, 400_000);
  await rejects(bridge.importJsonl([text], { on_error: 'abort' }), 'INVALID_ARGUMENT', /line 3/);
  const tagged = await bridge.importJsonl(['{"id":"d","content":"x"}\n{"id":"e","content":"x","tags":["own"]}'], { defaults: { tags: ['given'], namespace: 'n' } });
  assert.equal(tagged.stored, 2);
  assert.deepEqual((await bridge.getChunks(['d', 'e'], { namespace: 'n' })).map((c) => c.tags), [['given'], ['own']]);
  await rejects(bridge.importJsonl([], { defaults: { colour: 'red' } }), 'INVALID_ARGUMENT', /defaults/);
  for (const wrong of [undefined, 7, Buffer.from('{}'), {}, [7]]) await rejects(bridge.importJsonl(wrong), 'INVALID_ARGUMENT');
  await rejects(bridge.importJsonl(join(folder(), 'nowhere.jsonl')), 'NOT_FOUND');
  await rejects(bridge.importJsonl(folder()), 'INVALID_ARGUMENT');
  for (const wrong of [undefined, 7, {}, []]) await rejects(bridge.exportJsonl(wrong), 'INVALID_ARGUMENT');
});

test('JSON lines: an export that fails leaves what was there', async (t) => {
  const bridge = await open(t, plain(join(folder(), 'store')));
  await bridge.storeChunk({ content: 'x' });
  const home = folder();
  const file = join(home, 'kept.jsonl');
  writeFileSync(file, 'old');
  await rejects(bridge.exportJsonl(file, { filter: { tags: 5 } }), 'INVALID_ARGUMENT');
  await rejects(bridge.exportJsonl(file, { on_progress: () => { throw new Error('no'); } }), 'ABORTED');
  await rejects(bridge.exportJsonl(join(home, 'absent', 'x.jsonl')), 'NOT_FOUND');
  await rejects(bridge.exportJsonl(home), 'INVALID_ARGUMENT', /folder/);
  assert.equal(readFileSync(file, 'utf8'), 'old');
  assert.deepEqual(readdirSync(home), ['kept.jsonl']);
  assert.equal(existsSync(join(home, 'absent')), false);
  const gone = new Writable({ write: (_, __, done) => done(new Error('gone')) });
  gone.on('error', () => {});
  await rejects(bridge.exportJsonl(gone), 'IO', /gone/);
});

test('a text whose vector is of another model is embedded anew', async (t) => {
  const from = await open(t, plain(join(folder(), 'store')));
  await from.storeChunk({ id: 'a', content: 'deploys happen on Fridays', embedding: vector(1) });
  const text = await exported(from, { embeddings: true });
  const to = await open(t, { memory_path: join(folder(), 'store'), enable_ml: true });
  const report = await to.importJsonl([text]);
  assert.deepEqual([report.stored, report.vectors, report.vectors_dropped], [1, 0, 1]);
  assert.deepEqual((await to.searchSimilar('when are releases made', { mode: 'vector' })).map((h) => h.id), ['a']);
  // and its own is used as it is, also where nothing could embed it
  const own = await exported(to, { embeddings: true });
  const third = await open(t, plain(join(folder(), 'store')));
  assert.equal((await third.importJsonl([own])).vectors, 1);
  assert.equal(await exported(third, { embeddings: true }), own);
  assert.equal((await third.getStats()).model.id, (await to.getStats()).model.id);
});

test('an export keeps links and writes into pipes, never in their place', { skip: process.platform === 'win32' }, async (t) => {
  const dir = folder();
  const bridge = await open(t);
  await bridge.storeChunk({ id: 'a', content: 'x' });
  const [link, target, pipe] = ['link', 'target', 'pipe'].map((name) => join(dir, name));
  writeFileSync(target, 'old');
  symlinkSync('target', link);
  await bridge.exportJsonl(link);
  assert.ok(lstatSync(link).isSymbolicLink() && readFileSync(target, 'utf8').includes('"id":"a"'));
  execFileSync('mkfifo', [pipe]);
  const reader = readFile(pipe, 'utf8');
  await bridge.exportJsonl(pipe);
  assert.ok(lstatSync(pipe).isFIFO());
  assert.ok((await reader).includes('"id":"a"'));
});
