// A store with a damaged place in a sealed segment: what each command says of it, and what it still gives.
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { ended, json, onStore, records, run } from './cli.mjs';
import { folder, open, rejects } from './helpers.mjs';

const IDS = ['small0', 'small1', 'small2', 'small3', 'small4'];

/** A store of five small chunks and three large ones over two segments, in `<folder>/memory`; `hurt` flips a bit of a text. */
async function made() {
  const at = folder();
  const memory_path = join(at, 'memory');
  const bridge = await FluoriteBridge.open({ memory_path, enable_ml: false, memory: { segment_mb: 1, enable_compression: false } });
  await bridge.storeChunks(IDS.map((id) => ({ id, content: `text of ${id}`, tags: ['small'] })));
  for (let i = 0; i < 3; i++) await bridge.storeChunk({ id: `large${i}`, content: randomFillSync(Buffer.alloc(600_000)) });
  await bridge.shutdown();
  const hurt = (text) => {
    const file = join(memory_path, 'log', '00000001.seg');
    const bytes = readFileSync(file);
    const found = bytes.indexOf(text);
    assert.ok(found > 0, `${text} is not in the first segment`);
    bytes[found] ^= 1;
    writeFileSync(file, bytes);
  };
  return { at, memory_path, hurt, on: onStore(at) };
}

describe('a damaged store on the command line', { concurrency: 2 }, () => {
  test('doctor reads all of it, names the damage and what to do, and ends with 1', async () => {
    const { on, memory_path, hurt } = await made();
    const sound = json(await on(['doctor', '--json'])).checks.find((c) => c.name === 'verify');
    assert.match(sound.detail, /^\d+ records, .*every checksum, every version and every index compared, all sound$/);
    hurt('text of small2');
    const sick = json(await on(['doctor', '--json']), 1);
    assert.equal(sick.ok, false);
    const check = sick.checks.find((c) => c.name === 'verify');
    assert.equal(check.status, 'fail');
    assert.match(check.detail, /^1 damaged place:\nlog\/00000001\.seg at \d+: .*; lost: 1 chunks/);
    assert.ok(check.remedy.includes('fluorite verify --deep') && check.remedy.includes(`fluorite salvage ${JSON.stringify(memory_path)}`), check.remedy);
    const text = ended(await on(['doctor']), 1);
    assert.match(text, /^fail {2}verify .*\n {2,}log\/00000001\.seg at /m);
    assert.doesNotMatch(text, /nothing is wrong/);
    assert.match(text, /\n1 thing is wrong\n$/);
  });

  test('list goes on behind it in every order, says what is missing, and ends with 6', async () => {
    const { on, hurt } = await made();
    for (const text of ['text of small0', 'text of small3']) hurt(text);
    for (const order of ['stored', 'updated', 'id']) {
      const listed = await on(['list', '--ids', '--order', order]);
      assert.deepEqual(ended(listed, 6).split('\n').filter(Boolean).sort(), ['large0', 'large1', 'large2', 'small1', 'small2', 'small4'], order);
      assert.equal(listed.stderr.match(/00000001\.seg" is damaged at offset/g).length, 2, listed.stderr);
      assert.match(listed.stderr, /2 chunks cannot be read and were left out: `fluorite verify --deep`.*`fluorite salvage`.*\n$/);
    }
    assert.equal(records(await on(['list', '--json', '--tag', 'small']), 6).length, 3);
    // one page may be nothing but damage, and a limit counts what is given
    assert.equal(ended(await on(['list', '--ids', '-n', '1']), 6), 'small1\n');
    const got = await on(['get', 'small0', 'small1']);
    assert.equal(ended(got, 6), 'text of small1');
    assert.match(got.stderr, /CORRUPT: "small0": /);
    // what cannot be read can be deleted
    assert.deepEqual(json(await on(['delete', 'small0', 'small3', '--yes', '--json'])), { deleted: 2, missing: [] });
    assert.equal(ended(await on(['list', '--ids', '--tag', 'small'])), 'small1\nsmall2\nsmall4\n');
  });

  test('export stops at it, unless told to go on: an incomplete file takes the place of no whole one', async () => {
    const { at, on, hurt } = await made();
    const file = join(at, 'all.jsonl');
    ended(await on(['export', file]));
    const whole = readFileSync(file, 'utf8');
    hurt('text of small2');
    const refused = await on(['export', file]);
    ended(refused, 6);
    assert.match(refused.stderr, /damaged at offset .*`fluorite export --skip-damaged` writes the others\n$/);
    assert.equal(readFileSync(file, 'utf8'), whole);
    const other = join(at, 'rest.jsonl');
    const rest = await on(['export', other, '--skip-damaged', '--json']);
    assert.deepEqual({ ...json(rest, 6), bytes: 0 }, { file: other, exported: 7, vectors: 0, bytes: 0, damaged: 1 });
    assert.match(rest.stderr, /1 chunks or vectors cannot be read and are missing/);
    const id = (line) => JSON.parse(line).id;
    assert.deepEqual(readFileSync(other, 'utf8').trim().split('\n').map(id), whole.trim().split('\n').map(id).filter((i) => i !== 'small2'));
    assert.ok(existsSync(file));
  });
});

test('on_damage is told of each chunk that cannot be read; what it throws ends the call', async (t) => {
  const { memory_path, hurt } = await made();
  hurt('text of small2');
  const bridge = await open(t, { memory_path });
  const all = async (options) => {
    const ids = [];
    for await (const { id } of bridge.listChunks(options)) ids.push(id);
    return ids;
  };
  await rejects(all(), 'CORRUPT', /salvage/);
  const told = [];
  const ids = await all({ on_damage: (e) => told.push(e) });
  assert.deepEqual([ids.length, ids.includes('small2')], [7, false]);
  assert.deepEqual(told.map((e) => [e.name, e.code]), [['FluoriteError', 'CORRUPT']]);
  assert.equal((await all({ onDamage: () => undefined })).length, 7);
  const reason = new Error('enough');
  await assert.rejects(all({ on_damage: () => { throw reason; } }), (e) => e.code === 'ABORTED' && e.cause === reason);
  await rejects(all({ on_damage: 1 }), 'INVALID_ARGUMENT', /on_damage must be a function/);
  const file = join(folder(), 'x.jsonl');
  await rejects(bridge.exportJsonl(file), 'CORRUPT');
  const report = await bridge.exportJsonl(file, { on_damage: () => undefined });
  assert.deepEqual([report.chunks, report.damaged], [7, 1]);
  await rejects(bridge.exportJsonl(join(folder(), 'y.jsonl'), { on_damage: () => { throw reason; } }), 'ABORTED');
});

test('names cannot break the lines of a listing, nor steer a terminal', async () => {
  const at = folder();
  const on = onStore(at);
  const evil = 'a\nfluorite: b\u001b[2J\tc\u202e';
  ended(await on(['store', '--jsonl'], { input: `${JSON.stringify({ id: evil, namespace: 'n\nm', content: 'words to find' })}\n` }));
  const escaped = 'a\\nfluorite: b\\u001b[2J\\tc\\u202e';
  assert.equal(ended(await on(['list', '--ids'])), `${escaped}\n`);
  const [shown, rest] = ended(await on(['list'])).split('\n');
  assert.ok(shown.includes(`n\\nm/${escaped}`) && rest === '', shown);
  assert.equal(ended(await on(['search', 'words', '--ids'])), `${escaped}\n`);
  assert.ok(ended(await on(['search', 'words'])).startsWith(`  1. `));
  assert.ok(ended(await on(['search', 'words'])).split('\n')[0].includes(escaped));
  assert.equal(records(await on(['list', '--json']))[0].id, evil, 'as it is for programs');
});

test('a quality beyond 0 to 1 is refused', async () => {
  const on = onStore(folder());
  ended(await on(['store', '--id', 'x'], { input: 'x' }));
  for (const command of [['list'], ['search', 'x'], ['export']]) {
    for (const q of ['2', '-0.1']) {
      const refused = await on([...command, `--min-quality=${q}`]);
      ended(refused, 2);
      assert.match(refused.stderr, /min_quality must be a number between 0 and 1; it is /);
    }
    ended(await on([...command, '--min-quality=0']));
  }
});

test('a question without words, and learning without a folder, are refused before anything is made', async () => {
  const at = folder();
  const on = onStore(at);
  for (const command of [['search', ''], ['search', ' ', ''], ['context', '']]) {
    const refused = await on(command);
    ended(refused, 2);
    assert.match(refused.stderr, /^fluorite: USAGE: there is nothing to (search|look) for/);
  }
  const unseen = await on(['search', '\u200b']);
  ended(unseen, 3); // the engine's to say, when there is a store
  for (const input of ['', '\n', ' \r\n\t']) {
    const empty = await on(['store'], { input });
    ended(empty, 2);
    assert.match(empty.stderr, /^fluorite: USAGE: there is nothing on standard input: pipe something in, or name a file\n$/);
  }
  ended(await on(['store', '-', '-'], { input: 'x' }), 2);
  ended(await on(['store', '--id', 'x', '--chunk'], { input: '\n' }), 2);
  const learned = await on(['learn']);
  ended(learned, 2);
  assert.match(learned.stderr, /nothing to learn: name folders of templates .*--files, or set spike_templates_path in a fluorite\.toml/);
  assert.equal(existsSync(on.memory), false);
});

test('clusters and map say which chunks have no vector, and why', async () => {
  const at = folder();
  const on = onStore(at);
  ended(await on(['store', '--jsonl'], { input: ['x', 'y', 'z'].map((id) => `${JSON.stringify({ id, content: id })}\n`).join('') }));
  const grouped = await on(['clusters']);
  assert.match(ended(grouped), /^0 clusters of 0 chunks/);
  assert.match(grouped.stderr, /^3 chunks have no vector and are in no cluster: .*`fluorite embed`/);
  const asJson = json(await on(['clusters', '--json']));
  assert.deepEqual([asJson.chunks, asJson.without_vector], [0, 3]);
  const drawn = await on(['map', 'out.svg'], { cwd: at });
  ended(drawn, 3);
  assert.match(drawn.stderr, /nothing to draw: of the whole store 3 chunks have no vector .*`fluorite embed`/);
  assert.equal(existsSync(join(at, 'out.svg')), false);
  const bare = await run(['map', '--json', '--memory-path', on.memory, '--no-ml'], { cwd: at });
  assert.equal(ended(bare), '[]\n');
});

test('a log without its MANIFEST is damage, not an empty folder', async () => {
  const memory = join(folder(), 'memory');
  const at = (...args) => run([...args, '--memory-path', memory, '--no-ml']);
  assert.equal((await run(['store', '-', '--id', 'a', '--memory-path', memory, '--no-ml'], { input: 'kept' })).code, 0);
  rmSync(join(memory, 'MANIFEST'));
  const doctor = await at('doctor');
  assert.equal(doctor.code, 1);
  assert.match(doctor.stdout, /no manifest[^]*salvage/);
  for (const command of [['verify'], ['list'], ['search', 'kept']]) assert.equal((await at(...command)).code, 6, command[0]);
});
