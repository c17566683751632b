// `memory.auto_split`: long texts are stored in pieces and stay one chunk for whoever stored them.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { ended, run } from './cli.mjs';
import { folder, open, rejects, vector } from './helpers.mjs';

const SOURCE = readFileSync(new URL('../lib/facade/slices.ts', import.meta.url), 'utf8');
const split = (more = {}) => ({ memory: { auto_split: true, ...more } });
const prose = (word, n = 60) => `${word} and what belongs to it, said at length.\n\n`.repeat(n);

async function ids(bridge) {
  const all = [];
  for await (const chunk of bridge.listChunks({ order: 'id' })) all.push(chunk.id);
  return all;
}

test('a long text is found by its pieces, and is one chunk for its id', async (t) => {
  const bridge = await open(t, { ...split(), enable_ml: true });
  const metadata = { owner: 'ann', part: 'mine', nested: { a: 1 } };
  assert.equal(await bridge.storeChunk({ id: 'slices', content: SOURCE, source: 'lib/facade/slices.ts', tags: ['facade'], metadata }), 'slices');
  const found = await bridge.searchSimilar('async function patiently repeats what the engine has no room for', { filter: { metadata: { parent: 'slices' } }, limit: 1_000 });
  assert.ok(found.length > 4);
  assert.ok(found[0].metadata.symbols.some((s) => s.name === 'patiently'), found[0].id);
  const lines = SOURCE.split('\n');
  for (const hit of found) {
    const { part, parts, parent, start_line, end_line, owner } = hit.metadata;
    assert.deepEqual([hit.id, parent, parts, owner, hit.tags, hit.source], [`slices#${part}`, 'slices', found.length, 'ann', ['facade'], 'lib/facade/slices.ts']);
    assert.ok(!hit.truncated && bridge.countTokens(hit.content) <= 200);
    assert.equal(lines[start_line - 1].includes(hit.content.split('\n')[0]), true);
    assert.equal(end_line - start_line, hit.content.replace(/\n$/, '').split('\n').length - 1);
  }
  const whole = await bridge.getChunk('slices');
  assert.deepEqual([whole.id, whole.content, whole.metadata, whole.version], ['slices', SOURCE, metadata, 1]);
  assert.deepEqual(await bridge.getContentBuffer('slices'), Buffer.from(SOURCE));
  const [a, b, c] = await bridge.getChunks(['none', 'slices', 'slices#2']);
  assert.deepEqual([a, b.content, c.metadata.part], [null, SOURCE, 2]);
  assert.equal(await bridge.deleteChunk('slices', { purge: true }), true);
  assert.equal(await bridge.deleteChunk('slices'), false);
  assert.deepEqual(await ids(bridge), []);
});

test('stored again it takes the place of all its pieces', async (t) => {
  const at = folder();
  const config = { memory_path: at, enable_ml: false, ...split() };
  const bridge = await FluoriteBridge.open(config);
  for (const content of [prose('one'), 'short', prose('two', 90), prose('three', 30)]) {
    await bridge.storeChunk({ id: 'x', content });
    assert.equal((await bridge.getChunk('x')).content, content);
    const rows = await ids(bridge);
    assert.deepEqual(rows.length === 1 ? rows : rows.map((id) => id.replace(/#\d+$/, '')), rows.length === 1 ? ['x'] : Array(rows.length).fill('x'));
  }
  const versions = await bridge.history('x');
  assert.deepEqual(versions.map((v) => [v.version, v.content.length]), [[1, prose('one').length], [2, 5], [3, prose('two', 90).length], [4, prose('three', 30).length]]);
  await bridge.shutdown();
  const again = await open(t, { memory_path: at, memory: {} });
  assert.equal((await again.getChunk('x')).content, prose('three', 30), 'the setting decides about storing alone');
  assert.equal(await again.deleteChunk('x'), true);
  assert.deepEqual(await ids(again), []);
});

test('a batch says what was split, a call may ask otherwise, and off is off', async (t) => {
  const bridge = await open(t, split({ max_chunk_size: 4_000 }));
  const chunks = [{ id: 'a', content: 'short' }, { id: 'b', content: prose('b') }, { id: '', content: 'x' }, { id: 'c', content: prose('c', 200) }, { id: 'd', content: 'word '.repeat(300), embedding: vector(1) }];
  const result = await bridge.storeChunks(chunks, { on_error: 'collect' });
  assert.deepEqual([result.ids, result.stored, result.failed.map((f) => f.code)], [['a', 'b', null, 'c', 'd'], 4, ['INVALID_ID']]);
  assert.deepEqual(result.split.map((s) => [s.index, s.id]), [[1, 'b'], [3, 'c']]);
  assert.equal((await ids(bridge)).length, 2 + result.split[0].parts + result.split[1].parts);
  const many = Array.from({ length: 150 }, (_, i) => ({ id: `m${i}`, content: i % 50 === 49 ? prose(`m${i}`) : 'short' }));
  assert.deepEqual((await bridge.storeChunks(many)).split.map((s) => [s.index, s.id]), [[49, 'm49'], [99, 'm99'], [149, 'm149']]);
  assert.equal((await bridge.storeChunks([{ content: prose('e') }], { autoSplit: false })).split, undefined);
  await rejects(bridge.storeChunk({ content: 'word '.repeat(801) }, { auto_split: false }), 'CHUNK_TOO_LARGE', /memory\.auto_split/);
  await rejects(bridge.storeChunk({ content: Buffer.alloc(4_001, 255) }), 'CHUNK_TOO_LARGE');
  await rejects(bridge.storeChunk({ content: 'x'.repeat((16 << 20) + 1) }), 'CHUNK_TOO_LARGE', /cannot be stored in pieces: the text has/);
  await rejects(bridge.storeChunk({ content: 'x' }, { auto_split: 'yes' }), 'INVALID_ARGUMENT');
  await rejects(FluoriteBridge.open({ memory_path: folder(), memory: { auto_split: 1 } }), 'INVALID_CONFIG', /memory\.auto_split/);
  const off = await open(t, { memory: { max_chunk_size: 4_000 } });
  await rejects(off.storeChunk({ content: 'x'.repeat(4_001) }), 'CHUNK_TOO_LARGE', /memory\.auto_split/);
  assert.equal((await off.storeChunks([{ content: prose('long') }])).split, undefined);
  assert.ok((await off.storeChunks([{ content: 'word '.repeat(801) }], { auto_split: true })).split[0].parts > 1);
});

test('an aborted call stores nothing, and ids written by hand are no pieces', async (t) => {
  const bridge = await open(t, split());
  const aborted = new AbortController();
  const storing = bridge.storeChunk({ id: 'big', content: prose('big', 20_000) }, { signal: aborted.signal });
  aborted.abort();
  await rejects(storing, 'ABORTED');
  await bridge.storeChunk({ id: 'x#2', content: 'by hand', metadata: { parent: 'x', part: '2' } });
  await rejects(bridge.storeChunk({ id: 'x', content: prose('x') }), 'INVALID_ID', /x#2/);
  assert.equal(await bridge.getChunk('x'), null);
  assert.equal(await bridge.deleteChunk('x'), false);
  assert.deepEqual(await ids(bridge), ['x#2']);
});

test('reads follow writes, also of many at once on one id', async (t) => {
  const bridge = await open(t, split());
  const contents = Array.from({ length: 30 }, (_, i) => (i % 3 === 1 ? `short ${i}` : prose(`text${i}`, 10 + i)));
  const stored = contents.map((content) => bridge.storeChunk({ id: 'x', content }));
  const reads = contents.map(async () => (await bridge.getChunk('x'))?.content);
  await Promise.all(stored);
  for (const read of await Promise.all(reads)) assert.ok(read === undefined || contents.includes(read), 'half of one');
  assert.equal((await bridge.getChunk('x')).content, contents.at(-1));
  const hits = await bridge.searchSimilar('text29', { limit: 1_000 });
  assert.ok(hits.length > 1 && hits.every((h) => h.metadata.parent === 'x'));
  assert.equal(new Set((await ids(bridge)).map((id) => id.replace(/#\d+$/, ''))).size, 1);
});

test('rows are exported and imported as they are; files and templates are not cut again', async (t) => {
  const bridge = await open(t, split());
  await bridge.storeChunk({ id: 'x', content: prose('x') });
  const file = join(folder(), 'rows.jsonl');
  await bridge.exportJsonl(file);
  const text = readFileSync(file, 'utf8');
  assert.equal(text.trim().split('\n').length, (await ids(bridge)).length);
  const other = await open(t, split());
  writeFileSync(file, `${text}${JSON.stringify({ id: 'long', content: prose('long') })}\n`);
  await other.importJsonl(file);
  assert.equal((await other.getChunk('x')).content, prose('x'));
  assert.ok((await ids(other)).includes('long'), 'a row stays a row');
  const learned = folder();
  writeFileSync(join(learned, 'a.md'), `# Title\n\n${'word '.repeat(3_000)}`);
  await other.learnFromFiles([learned]);
  const { chunks } = await other.getStats();
  await other.learnFromFiles([learned]);
  assert.equal((await other.getStats()).chunks, chunks);
  assert.ok((await ids(other)).every((id) => !/#\d+#\d+$/.test(id)));
});

test('the command line reads and deletes the whole', async (t) => {
  const at = folder();
  writeFileSync(join(at, 'fluorite.toml'), `memory_path = "store"\nenable_ml = false\n[memory]\nauto_split = true\n`);
  writeFileSync(join(at, 'long.md'), prose('cli'));
  const cli = async (...args) => ended(await run(['--config', join(at, 'fluorite.toml'), ...args], { cwd: at }));
  assert.equal((await cli('store', 'long.md', '--id', 'doc')).trim(), 'doc');
  assert.equal(JSON.parse(await cli('get', 'doc', '--json')).content, prose('cli'));
  await cli('delete', 'doc', '--yes');
  const bridge = await open(t, { memory_path: join(at, 'store') });
  assert.deepEqual(await ids(bridge), []);
});
