// Ids and namespaces nobody expects: each is itself and no other, or INVALID_ID; none ever becomes the name of a file.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { folder, open, rejects } from './helpers.mjs';

const WELL_FORMED = [
  'a', 'A', 'a ', ' a', 'a\0', 'a\0b', 'a\0c', '\0', ' ', '\n', '\r\n', '\t', '.', '..', '/', '\\', '//', '../../etc/passwd', '/etc/passwd', 'a/../b', '%2e%2e%2f', 'C:\\x', '\\\\server\\x', 'file:///x',
  'CON', 'con', 'NUL', 'LPT1', 'a:stream', 'a.', '~', '$HOME', '`id`', '$(id)', "'; DROP TABLE chunks; --", '*', '?', '-rf', '--', 'null', 'undefined', 'true', '0', '1e3',
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'length',
  '\u00e9', 'e\u0301', '\u212b', '\u00c5', 'A\u030a', '\u1e9b\u0323', '\uac00', '\u1100\u1161', // the same in two normal forms
  'i', 'I', '\u0130', '\u0131', '\u00df', 'ss', '\ufb01', 'fi', '\u03c3', '\u03c2', // the same in another case
  '\ufeff', '\ufeffa', '\u200b', '\u200ba', '\u202ea', '\u00ad', '\u2028', '\ufffd', '\uffff', '\ufdd0', '\u{10ffff}', '\u{1f469}\u200d\u{1f4bb}', '\u{1f469}', '\ud83d\udcbb',
  'x'.repeat(1_024), 'x'.repeat(1_023), '\u00e9'.repeat(512), '\u{1f4bb}'.repeat(256),
];
const REFUSED = { empty: '', '1,025 bytes': 'x'.repeat(1_025), '1,025 bytes of long characters': `${'\u00e9'.repeat(512)}x`, '64 KiB': 'x'.repeat(65_536), 'lone surrogate': 'a\ud800', 'lone low surrogate': '\udfffb' };
const contentOf = (id, namespace) => `the content of ${JSON.stringify(id)} in ${JSON.stringify(namespace)}`;

assert.equal(new Set(WELL_FORMED).size, WELL_FORMED.length);

test('every well-formed id is itself: stored, read, listed, found, told, judged, deleted, and after an open', async (t) => {
  const at = folder();
  let bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  t.after(() => bridge.shutdown());
  const told = [];
  bridge.on('ChunkStored', (event) => told.push(event.id));
  for (const id of WELL_FORMED) assert.equal(await bridge.storeChunk({ id, content: contentOf(id), metadata: { id } }, { durability: 'buffered' }), id);
  for (let opened = 0; opened < 2; opened++) {
    const chunks = await bridge.getChunks(WELL_FORMED);
    assert.deepEqual(chunks.map((c) => [c.id, c.content, c.metadata.id]), WELL_FORMED.map((id) => [id, contentOf(id), id]));
    const listed = [];
    for await (const chunk of bridge.listChunks({ order: 'id' })) listed.push(chunk.id);
    assert.deepEqual(listed.toSorted(), WELL_FORMED.toSorted());
    assert.equal((await bridge.getStats()).chunks, WELL_FORMED.length);
    const hits = await bridge.searchSimilar('the content', { limit: 1_000, fields: [] });
    assert.deepEqual(hits.map((h) => h.id).toSorted(), WELL_FORMED.toSorted());
    if (opened === 0) {
      await bridge.shutdown(); // tells the listener what is left
      assert.deepEqual(told, WELL_FORMED);
      bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
    }
  }
  await bridge.addFeedback(WELL_FORMED.map((chunk_id) => ({ chunk_id, kind: 'usage', query: 'the content' })));
  for (const id of WELL_FORMED) {
    assert.equal((await bridge.history(id)).length, 1);
    assert.equal((await bridge.getContentBuffer(id)).toString(), contentOf(id));
  }
  for (const [i, id] of WELL_FORMED.entries()) {
    assert.equal(await bridge.deleteChunk(id), true);
    assert.equal(await bridge.getChunk(id), null);
    assert.equal((await bridge.getStats()).chunks, WELL_FORMED.length - i - 1, `deleting ${JSON.stringify(id)} took another away`);
  }
});

test('every well-formed namespace without NUL is itself', async (t) => {
  const bridge = await open(t);
  const [NAMESPACES, NULS] = [WELL_FORMED.filter((n) => !n.includes('\0')), WELL_FORMED.filter((n) => n.includes('\0'))];
  for (const namespace of NULS) await rejects(bridge.storeChunk({ content: 'x', namespace }), 'INVALID_ARGUMENT', /NUL/);
  await bridge.storeChunks(NAMESPACES.map((namespace) => ({ id: 'same', namespace, content: contentOf('same', namespace) })));
  for (const namespace of NAMESPACES) {
    assert.equal((await bridge.getChunk('same', { namespace })).content, contentOf('same', namespace));
    const hits = await bridge.searchSimilar('the content', { filter: { namespace }, limit: 1_000, fields: ['namespace'] });
    assert.deepEqual(hits.map((h) => h.namespace), [namespace]);
  }
  for (const namespace of NAMESPACES) assert.equal(await bridge.deleteWhere({ namespace }), 1, JSON.stringify(namespace));
});

test('other ids are INVALID_ID, wherever an id is given', async (t) => {
  const bridge = await open(t);
  const calls = {
    storeChunk: (id) => bridge.storeChunk({ id, content: 'x' }),
    'storeChunk the long way': (id) => bridge.storeChunk({ id, content: 'x', metadata: { a: new Date(0) }, ttlSeconds: 9 }),
    storeChunks: (id) => bridge.storeChunks([{ content: 'x' }, { id, content: 'x' }]),
    'storeChunks atomic': (id) => bridge.storeChunks([{ content: 'x' }, { id, content: 'x' }], { atomic: true }),
    getChunk: (id) => bridge.getChunk(id),
    getChunks: (id) => bridge.getChunks(['a', id]),
    getContentBuffer: (id) => bridge.getContentBuffer(id),
    deleteChunk: (id) => bridge.deleteChunk(id),
    history: (id) => bridge.history(id),
    findRelated: (id) => bridge.findRelated(id),
    renderSpike: (id) => bridge.renderSpike(id),
    addFeedback: (id) => bridge.addFeedback({ chunk_id: id, kind: 'usage' }),
  };
  const exact = new Set(['addFeedback']); // its ids lie in objects: ill-formed text there is an argument that is wrong
  for (const [what, id] of Object.entries(REFUSED)) {
    for (const [name, call] of Object.entries(calls)) {
      await rejects(call(id), exact.has(name) && /surrogate/.test(what) ? ['INVALID_ID', 'INVALID_ARGUMENT'] : 'INVALID_ID').catch((e) => assert.fail(`${name}, ${what}: ${e.message}`));
    }
    const { failed } = await bridge.storeChunks([{ id, content: 'x' }], { on_error: 'collect' });
    assert.deepEqual(failed.map((f) => f.code), ['INVALID_ID'], what);
    for (const options of [{ namespace: id }]) await rejects(bridge.getChunk('a', options), ['INVALID_ARGUMENT', 'INVALID_ID']);
  }
});

test('no id, namespace or other text becomes the name of a file', async () => {
  const names = async (texts) => {
    const around = folder();
    const at = join(around, 'a', 'b', 'store');
    mkdirSync(join(around, 'a', 'b'), { recursive: true });
    const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
    for (const [i, text] of texts.entries()) {
      await bridge.storeChunk({ id: text, namespace: text, content: `${text} ${i}`, source: text, language: text, tags: [text], frameworks: [text], metadata: { [text]: text, path: text, name: text } }, { durability: 'buffered' });
      await bridge.addFeedback({ chunk_id: text, namespace: text, query: `${text} asked`, kind: 'usage', domain: text.slice(0, 40), comment: text });
    }
    await bridge.flush();
    await bridge.optimize();
    await bridge.shutdown();
    return readdirSync(around, { recursive: true }).toSorted();
  };
  const hostile = WELL_FORMED.filter((id) => id.trim() && !id.includes('\0') && id.length < 100);
  assert.deepEqual(await names(hostile), await names(hostile.map((_, i) => `plain${i}`)));
});

test('__proto__ in metadata is a member like any other', async (t) => {
  const bridge = await open(t);
  const metadata = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}, "then": 1}');
  await bridge.storeChunk({ id: 'x', content: 'x', metadata });
  const found = (await bridge.getChunk('x')).metadata;
  assert.deepEqual(Object.keys(found).toSorted(), ['__proto__', 'constructor', 'then']);
  assert.equal(JSON.stringify(found.__proto__), '{"polluted":true}');
  assert.equal({}.polluted, undefined);
  assert.equal((await bridge.searchSimilar('x', { filter: { metadata: { then: 1 } } })).length, 1);
});
