// Encryption at rest through the public API: which keys open, what can be read in the folder, what is told of a key.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { FluoriteBridge, salvage } from '../index.mjs';
import { ended, json, onStore, run } from './cli.mjs';
import { DIMENSIONS, child, folder, open, rejects, vector } from './helpers.mjs';
import { call, client, serve } from './mcp-helpers.mjs';

const bytesOf = (first) => Uint8Array.from({ length: 32 }, (_, i) => (first * 31 + i * 7) % 256);
const hexOf = (key) => Buffer.from(key).toString('hex');
const KEY = bytesOf(1);
const OTHER = bytesOf(2);
const config = (memory_path, encryption_key, more = {}) => ({ memory_path, enable_ml: false, ...more, memory: { segment_mb: 1, ...(encryption_key && { encryption_key }) } });
const opened = (t, memory_path, key, more) => open(t, config(memory_path, key, more));

// nothing compresses or stems these
const WORDS = { id: 'wqpzmvxkcjhgtrbd', content: 'qzxvkwjphqzmbgdt', tag: 'kzvbqwjxmtphgdcr', metadata: 'xjkqvzwbpmhtgcdr', query: 'vhzkqxjwmbptgdrc', namespace: 'jzqxwvkpmhgtbdrc', source: 'pqzjxwvkhmgtbdrc' };

/** All files of a folder, by their path within it. */
function files(at, within = '') {
  return readdirSync(join(at, within)).flatMap((name) => {
    const path = join(within, name);
    return statSync(join(at, path)).isDirectory() ? files(at, path) : [path];
  });
}

/** Files in which a canary can be read: twelve letters of a word, the values of a vector, their signs as eight-bit integers. */
function readable(at, extra = []) {
  const wanted = [...Object.values(WORDS).map((w) => Buffer.from(w.slice(0, 12))), ...extra];
  return files(at).filter((path) => {
    const bytes = readFileSync(join(at, path));
    return wanted.some((w) => bytes.includes(w));
  });
}

/** A vector of two values, its bytes, and those of its unit form as `f32` and `i8`. */
function loud() {
  const values = Float32Array.from({ length: DIMENSIONS }, (_, i) => ((i * i * 31 + i * 17) % 97 < 48 ? 1 : -1));
  const unit = values.map((v) => v / Math.sqrt(DIMENSIONS));
  const codes = Int8Array.from(values, (v) => v * 127);
  return { values, bytes: [unit, codes].map((list) => Buffer.from(list.buffer).subarray(64, 128)) };
}

async function fill(bridge, { values }, n = 600) {
  await bridge.storeChunks(Array.from({ length: n }, (_, i) => ({
    id: `${WORDS.id}${i}`, content: `${WORDS.content} number ${i} of them says ${i * 7919} and this function returns response ${i}`, tags: [WORDS.tag],
    metadata: { k: WORDS.metadata }, source: WORDS.source, ...(i % 2 ? { namespace: WORDS.namespace } : {}), embedding: i === 4 ? values : vector(i),
  })));
  await bridge.addFeedback({ chunk_id: `${WORDS.id}2`, kind: 'success', query: WORDS.query });
  for (let i = 10; i < 200; i += 2) await bridge.deleteChunk(`${WORDS.id}${i}`);
}

test('the right key opens, in every form; no other, none, or one too many does not', async (t) => {
  const memory_path = join(folder(), 'store');
  const first = await FluoriteBridge.open(config(memory_path, KEY));
  await first.storeChunk({ id: 'a', content: 'kept' });
  assert.equal((await first.getStats()).encrypted, true);
  await first.shutdown();
  const before = files(memory_path).map((f) => [f, readFileSync(join(memory_path, f))]);
  const base64 = Buffer.from(KEY).toString('base64');
  for (const form of [Buffer.from(KEY), hexOf(KEY), hexOf(KEY).toUpperCase(), base64, base64.replaceAll('=', ''), Buffer.from(KEY).toString('base64url')]) {
    const bridge = await FluoriteBridge.open(config(memory_path, form));
    assert.equal((await bridge.getChunk('a')).content, 'kept');
    await bridge.shutdown();
  }
  const changed = Uint8Array.from(KEY);
  changed[31] ^= 1;
  const told = new Set();
  for (const wrong of [OTHER, new Uint8Array(32), changed]) {
    for (const read_only of [false, true]) {
      await rejects(FluoriteBridge.open(config(memory_path, wrong, { read_only })).catch((e) => {
        told.add(e.message);
        throw e;
      }), 'KEY_WRONG', /key/);
    }
  }
  assert.equal(told.size, 1, `a key that is nearly right is told nothing else: ${[...told].join('\n')}`);
  for (const read_only of [false, true]) await rejects(FluoriteBridge.open(config(memory_path, undefined, { read_only })), 'KEY_REQUIRED', /FLUORITE_ENCRYPTION_KEY/);
  assert.deepEqual(files(memory_path).filter((f) => f === 'LOCK' || before.some(([name]) => name === f)).length, before.length, 'refused opens leave no file');
  const plain = join(folder(), 'plain');
  await (await FluoriteBridge.open(config(plain))).shutdown();
  for (const read_only of [false, true]) await rejects(FluoriteBridge.open(config(plain, KEY, { read_only })), 'NOT_ENCRYPTED', /salvage/);
  assert.equal((await (await opened(t, plain)).getStats()).encrypted, false);
});

test('a second bridge of the process needs the key as well', async (t) => {
  const memory_path = join(folder(), 'store');
  await (await opened(t, memory_path, KEY)).storeChunk({ id: 'a', content: 'kept' });
  await rejects(FluoriteBridge.open(config(memory_path, OTHER)), 'INVALID_CONFIG', /other settings/);
  await rejects(FluoriteBridge.open(config(memory_path)), 'INVALID_CONFIG', /other settings/);
  await rejects(FluoriteBridge.open(config(memory_path, OTHER, { read_only: true })), 'KEY_WRONG');
  const again = await opened(t, memory_path, hexOf(KEY));
  assert.equal((await again.getChunk('a')).content, 'kept');
});

test('nothing of a chunk, a vector, a query or a name can be read in any file, at any time', async (t) => {
  const signal = loud();
  const plain = join(folder(), 'plain');
  const control = await FluoriteBridge.open(config(plain));
  await fill(control, signal);
  await control.shutdown();
  const seen = readable(plain, signal.bytes).join();
  assert.match(seen, /\.seg/, 'the look finds what is there');
  assert.match(seen, /events/);

  const memory_path = join(folder(), 'store');
  const nothing = (when) => assert.deepEqual(readable(memory_path, signal.bytes), [], when);
  let bridge = await opened(t, memory_path, KEY);
  await fill(bridge, signal);
  nothing('after storing');
  await bridge.optimize();
  nothing('after optimize');
  await bridge.deleteChunk(`${WORDS.id}3`, { purge: true });
  await bridge.shutdown();
  nothing('after shutdown');
  bridge = await opened(t, memory_path, KEY);
  assert.equal((await bridge.searchSimilar(signal.values, 1))[0].id, `${WORDS.id}4`);
  assert.ok((await bridge.searchSimilar(WORDS.content, { mode: 'lexical', limit: 5 })).length > 0);
  nothing('after searches');
  const copy = join(folder(), 'copy');
  await bridge.snapshot(copy);
  assert.deepEqual(readable(copy, signal.bytes), [], 'in a snapshot');
  await rejects(FluoriteBridge.open(config(copy)), 'KEY_REQUIRED');
  assert.equal((await (await opened(t, copy, KEY)).verify({ deep: true })).ok, true);
  assert.equal((await bridge.verify({ deep: true })).ok, true);
});

test('dictionaries, graphs and text segments are sealed too', async (t) => {
  const memory_path = join(folder(), 'store');
  let bridge = await opened(t, memory_path, KEY);
  const n = 9_000;
  const short = (i) => Float32Array.from({ length: 16 }, (_, j) => ((i * 7 + j * j * 13) % 31) - 15.5);
  await bridge.storeChunks((function* () {
    for (let i = 0; i < n; i++) yield { id: `${WORDS.id}${i}`, content: `${WORDS.content} export function handler${i}(request) { return request.${WORDS.tag}(${i}) }`, embedding: short(i) };
  })());
  await bridge.optimize();
  const stats = await bridge.getStats();
  assert.ok(stats.vector_index.graphs > 0 && stats.text_index.segments > 0, JSON.stringify(stats));
  await bridge.shutdown();
  bridge = await opened(t, memory_path, KEY);
  const found = files(memory_path).join();
  for (const kind of [/dict\/\d+/, /\.graph/, /\.text/, /index\/ids/, /index\/filters/]) assert.match(found, kind);
  assert.deepEqual(readable(memory_path), []);
  assert.equal((await bridge.searchSimilar(short(77), 1))[0].similarity > 0.999, true);
  assert.equal((await bridge.verify({ deep: true })).ok, true);
});

test('a read-only bridge follows the writer with the key and changes no byte', async (t) => {
  const memory_path = join(folder(), 'store');
  const writer = await opened(t, memory_path, KEY);
  await writer.storeChunk({ id: 'a', content: 'first' });
  await writer.flush();
  const before = files(memory_path).map((f) => readFileSync(join(memory_path, f)));
  const reader = await opened(t, memory_path, KEY, { read_only: true });
  assert.equal((await reader.getChunk('a')).content, 'first');
  assert.deepEqual(files(memory_path).map((f) => readFileSync(join(memory_path, f))), before);
  await writer.storeChunk({ id: 'b', content: 'second' });
  await reader.refresh();
  assert.equal((await reader.getChunk('b')).content, 'second');
});

test('damage gives a typed error or what was stored, and records of another place are not taken', async () => {
  const memory_path = join(folder(), 'store');
  const bridge = await FluoriteBridge.open(config(memory_path, KEY));
  for (let i = 0; i < 20; i++) await bridge.storeChunk({ id: `c${i}`, content: `text ${i}`, embedding: vector(i) });
  await bridge.shutdown();
  const sound = files(memory_path).filter((f) => f !== 'LOCK' && f !== 'RESERVE').map((f) => [f, readFileSync(join(memory_path, f))]);
  for (const [file, bytes] of sound) {
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 6)) {
      const hurt = Buffer.from(bytes);
      hurt[at] ^= 4;
      writeFileSync(join(memory_path, file), hurt);
      try {
        const opened = await FluoriteBridge.open(config(memory_path, KEY));
        try {
          for (let i = 0; i < 20; i++) {
            const found = await opened.getChunk(`c${i}`).catch((e) => e);
            if (found instanceof Error) assert.equal(found.code, 'CORRUPT', `${file} ${at}: ${found.message}`);
            else assert.equal(found?.content ?? `text ${i}`, `text ${i}`, `${file} ${at}`);
          }
        } finally {
          await opened.shutdown();
        }
      } catch (e) {
        assert.ok(['CORRUPT', 'KEY_WRONG', 'UNSUPPORTED_FORMAT'].includes(e.code), `${file} ${at}: ${e.stack}`);
      }
      for (const [name, whole] of sound) writeFileSync(join(memory_path, name), whole);
    }
  }
});

test('a key is told by no error, figure or object', async () => {
  const secret = hexOf(KEY);
  const memory_path = join(folder(), 'store');
  const told = [];
  const fails = async (make, code) => {
    const e = await make().then(() => assert.fail('it did not fail'), (e) => e);
    assert.equal(e.code, code, e.message);
    told.push(inspect(e, { depth: 9, showHidden: true }), e.stack, JSON.stringify(e), String(e.cause));
  };
  const half = secret.slice(0, 40);
  for (const wrong of [half, `${secret}00`, `  ${half}!`, 'x'.repeat(64), Buffer.from(KEY).subarray(1), [...KEY], { key: secret }, 7, true, new Float32Array(KEY), `${half}\ud800`]) {
    await fails(() => FluoriteBridge.open(config(memory_path, wrong)), 'INVALID_CONFIG');
    await fails(() => salvage(memory_path, join(folder(), 'to'), { encryption_key: wrong }), 'INVALID_ARGUMENT');
  }
  // a configuration file with the key in a line that is no TOML, or of the wrong type
  for (const line of [`encryption_key = ${secret}`, `encryption_key = "${half}`, `encryption_key = ["${secret}"]`, `encryption_kee = "${secret}"`]) {
    const config_path = join(folder(), 'fluorite.toml');
    writeFileSync(config_path, `[memory]\n${line}\n`);
    await fails(() => FluoriteBridge.open({ memory_path, enable_ml: false, config_path }), 'INVALID_CONFIG');
  }
  const bridge = await FluoriteBridge.open(config(memory_path, KEY));
  for (const figures of [bridge, await bridge.getStats(), await bridge.getMetrics(), await bridge.health()]) told.push(inspect(figures, { depth: 9, showHidden: true }));
  await fails(() => FluoriteBridge.open(config(memory_path, OTHER)), 'INVALID_CONFIG');
  await bridge.shutdown();
  await fails(() => FluoriteBridge.open(config(memory_path, OTHER)), 'KEY_WRONG');
  const parts = [secret.slice(0, 16), hexOf(OTHER).slice(0, 16), Buffer.from(KEY).toString('base64').slice(0, 12), [...KEY.subarray(0, 4)].join(', '), [...KEY.subarray(0, 4)].join(',')];
  for (const line of told) for (const part of parts) assert.ok(!line.toLowerCase().includes(part.toLowerCase()), line);
});

test('salvage keeps the key, takes a new one, or makes a plain store; it needs the key', async (t) => {
  const memory_path = join(folder(), 'store');
  const bridge = await FluoriteBridge.open(config(memory_path, KEY));
  for (let i = 0; i < 30; i++) await bridge.storeChunk({ id: `c${i}`, content: `text ${i}`, embedding: vector(i) });
  await bridge.shutdown();
  const to = () => join(folder(), 'saved');
  await rejects(salvage(memory_path, to()), 'KEY_REQUIRED');
  await rejects(salvage(memory_path, to(), { encryption_key: OTHER }), 'KEY_WRONG');
  await rejects(salvage(memory_path, to(), { encryption_key: KEY, new_encryption_key: OTHER, decrypt: true }), 'INVALID_ARGUMENT', /decrypt/);
  const cases = [[{ encryption_key: KEY }, KEY], [{ encryptionKey: hexOf(KEY), newEncryptionKey: hexOf(OTHER) }, OTHER], [{ encryption_key: KEY, decrypt: true }, undefined]];
  for (const [options, key] of cases) {
    const at = to();
    const report = await salvage(memory_path, at, options);
    assert.deepEqual([report.ok, report.chunks, report.vectors], [true, 30, 30]);
    const saved = await opened(t, at, key);
    assert.deepEqual([(await saved.getStats()).encrypted, (await saved.getChunk('c7')).content], [key !== undefined, 'text 7']);
    assert.equal((await saved.verify({ deep: true })).ok, true);
  }
  const plain = join(folder(), 'plain');
  const source = await FluoriteBridge.open(config(plain));
  await source.storeChunk({ id: 'a', content: 'was plain' });
  await source.shutdown();
  await rejects(salvage(plain, to(), { encryption_key: KEY }), 'NOT_ENCRYPTED');
  const at = to();
  await salvage(plain, at, { new_encryption_key: KEY });
  assert.equal((await (await opened(t, at, KEY)).getChunk('a')).content, 'was plain');
});

test('rotateKey: the new key opens, the old one does not, and nothing is readable on the way', async (t) => {
  const signal = loud();
  const memory_path = join(folder(), 'store');
  const bridge = await FluoriteBridge.open(config(memory_path, KEY));
  await fill(bridge, signal, 300);
  const phases = new Set();
  const report = await bridge.rotateKey(OTHER, { on_progress: (p) => phases.add(p.phase) });
  assert.ok(report.segments_rewritten > 0 && phases.size > 0, JSON.stringify(report));
  assert.deepEqual([(await bridge.getStats()).key_rotation_pending, readable(memory_path, signal.bytes)], [false, []]);
  assert.equal((await bridge.getChunk(`${WORDS.id}4`)).tags[0], WORDS.tag);
  await rejects(FluoriteBridge.open(config(memory_path, KEY)), 'INVALID_CONFIG', /other settings/);
  const second = await FluoriteBridge.open(config(memory_path, OTHER));
  assert.equal((await second.getChunk(`${WORDS.id}4`)).id, `${WORDS.id}4`);
  await second.shutdown();
  for (const wrong of ['x', undefined, null, 7, new Uint8Array(31), hexOf(KEY).slice(1), {}]) await rejects(bridge.rotateKey(wrong), 'INVALID_ARGUMENT');
  await rejects(bridge.rotateKey(KEY, { deep: true }), 'INVALID_ARGUMENT');
  await rejects(bridge.rotateKey(KEY, { signal: AbortSignal.abort() }), 'ABORTED');
  await bridge.shutdown();
  await rejects(FluoriteBridge.open(config(memory_path, KEY)), 'KEY_WRONG');
  const again = await opened(t, memory_path, OTHER);
  assert.equal((await again.searchSimilar(signal.values, 1))[0].id, `${WORDS.id}4`);
  assert.equal((await again.verify({ deep: true })).ok, true);
  assert.equal((await again.getLearningStats()).feedback.events, 1);
  const plain = await open(t);
  await rejects(plain.rotateKey(KEY), 'NOT_ENCRYPTED');
  const reader = await opened(t, memory_path, OTHER, { read_only: true });
  await rejects(reader.rotateKey(KEY), 'READ_ONLY');
});

test('a process that is killed while it rotates leaves a store that opens with one of two keys', async () => {
  const memory_path = join(folder(), 'store');
  const keys = [KEY, OTHER].map(hexOf);
  const bridge = await FluoriteBridge.open(config(memory_path, keys[0]));
  await fill(bridge, loud(), 300);
  await bridge.shutdown();
  let first = 0;
  for (let round = 1; round <= 8; round++) {
    let [lines, now, next] = [0, first, first];
    const line = (text, killed) => {
      const told = JSON.parse(text);
      if (told.rotating !== undefined) next = told.rotating ^ first;
      if (told.rotated !== undefined) now = told.rotated ^ first;
      if (++lines === round * 3) killed.kill('SIGKILL');
    };
    await child('rotate.mjs', { at: memory_path, keys: first ? [keys[1], keys[0]] : keys }, { line });
    const open = async (key) => FluoriteBridge.open(config(memory_path, keys[key])).catch((e) => e);
    let found = await open(next);
    if (found instanceof Error) {
      assert.equal(found.code, 'KEY_WRONG', found.message);
      found = await open(now);
    } else now = next;
    assert.ok(found instanceof FluoriteBridge, String(found));
    await found.optimize();
    assert.deepEqual([(await found.getStats()).key_rotation_pending, (await found.verify({ deep: true })).ok], [false, true]);
    assert.ok((await found.getChunk(`${WORDS.id}4`)).content.startsWith(WORDS.content));
    await found.shutdown();
    first = now;
  }
});

test('the command line takes the key from its environment, or a file only its user reads', async () => {
  const at = onStore(folder());
  const env = { FLUORITE_ENCRYPTION_KEY: hexOf(KEY) };
  ended(await at(['store', '--id', 'a'], { env, input: WORDS.content }));
  assert.deepEqual(readable(at.memory), []);
  assert.equal(json(await at(['stats', '--json'], { env })).encrypted, true);
  assert.match(ended(await at(['get', 'a'], { env })), new RegExp(WORDS.content));
  assert.match((await at(['get', 'a'])).stderr, /KEY_REQUIRED/);
  const wrong = await at(['get', 'a'], { env: { FLUORITE_ENCRYPTION_KEY: hexOf(OTHER) } });
  assert.deepEqual([wrong.code, /KEY_WRONG/.test(wrong.stderr), wrong.stderr.includes(hexOf(OTHER))], [2, true, false]);
  for (const empty of ['', ' ']) {
    const refused = await run(['store', '--id', 'a', '--no-ml', '--memory-path', join(folder(), 'new')], { env: { FLUORITE_ENCRYPTION_KEY: empty }, input: 'text' });
    assert.match(refused.stderr, /INVALID_CONFIG.*FLUORITE_ENCRYPTION_KEY is set and empty/s, 'no plain store instead');
  }
  const file = join(folder(), 'fluorite.toml');
  writeFileSync(file, `memory_path = ${JSON.stringify(at.memory)}\n[memory]\nencryption_key = "${hexOf(KEY)}"\n`, { mode: 0o600 });
  for (const env of [{}, { FLUORITE_ENCRYPTION_KEY: '' }]) assert.match(ended(await run(['get', 'a', '--no-ml', '--config', file], { env })), new RegExp(WORDS.content));
  assert.doesNotMatch(ended(await run(['salvage', '--help'])) + ended(await run(['--help'])), /--encryption-key/, 'an argument would show in ps');
  const copy = join(folder(), 'copy');
  ended(await at(['snapshot', copy], { env }));
  const saved = join(folder(), 'saved');
  ended(await run(['salvage', copy, saved], { env: { ...env, FLUORITE_NEW_ENCRYPTION_KEY: hexOf(OTHER) } }));
  assert.match(ended(await run(['get', 'a', '--no-ml', '--memory-path', saved], { env: { FLUORITE_ENCRYPTION_KEY: hexOf(OTHER) } })), new RegExp(WORDS.content));
  const rotated = { ...env, FLUORITE_NEW_ENCRYPTION_KEY: hexOf(OTHER) };
  assert.match((await at(['rekey'], { env })).stderr, /FLUORITE_NEW_ENCRYPTION_KEY/);
  const same = await at(['rekey'], { env: { ...rotated, FLUORITE_NEW_ENCRYPTION_KEY: rotated.FLUORITE_ENCRYPTION_KEY } });
  ended(same, 2);
  assert.match(same.stderr, /is the key in use: make another/);
  ended(await at(['rekey'], { env: rotated }));
  assert.match((await at(['get', 'a'], { env })).stderr, /KEY_WRONG/);
  assert.match(ended(await at(['get', 'a'], { env: { FLUORITE_ENCRYPTION_KEY: hexOf(OTHER) } })), new RegExp(WORDS.content));
  const doctor = await run(['doctor', '--json', '--no-ml', '--memory-path', saved], { env });
  assert.match(doctor.stdout, /KEY_WRONG/);
  assert.ok(!`${doctor.stdout}${doctor.stderr}`.includes(hexOf(KEY)));
});

test('an MCP server serves an encrypted store, and tells nothing of its key', async (t) => {
  const memory_path = join(folder(), 'store');
  const server = await serve(t, { memory_path, config: { memory: { encryption_key: KEY } } });
  const connected = await client(t, server);
  await call(connected, 'memory_store', { id: 'a', content: WORDS.content });
  assert.deepEqual(readable(memory_path), []);
  const stats = JSON.stringify(await call(connected, 'memory_stats'));
  assert.ok(!stats.includes(hexOf(KEY).slice(0, 16)));
});
