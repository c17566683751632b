// The table of everything public x every place in its parameters x every hostile value, from `index.d.ts`: a value that
// its place is not declared for is rejected with a code, any other is rejected or taken; nothing throws where a Promise
// is promised, nothing of ours leaks out (`INTERNAL`, a TypeError), and the bridge works afterwards.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import * as fluorite from '../index.mjs';
import { hostileArguments, rightArguments } from './hostile/arguments.mjs';
import { placesOf, rowsOf } from './hostile/surface.mjs';
import { fits, mustBeRefused, VALUES, valuesOf } from './hostile/values.mjs';
import { folder, root } from './helpers.mjs';

const { FluoriteBridge, isFluoriteError } = fluorite;
const ROWS = rowsOf(root);
/** Codes that say that an argument is wrong. */
const REFUSED = new Set(['INVALID_ARGUMENT', 'INVALID_ID', 'INVALID_CONFIG', 'DIMENSION_MISMATCH']);
/** Codes a call may answer with as well when the kind of the value is right. */
const ANSWERED = new Set([...REFUSED, 'CHUNK_TOO_LARGE', 'NOT_FOUND', 'ABORTED', 'EMBEDDING_FAILED', 'MODEL_NOT_FOUND', 'IO', 'STORE_LOCKED', 'READ_ONLY', 'UNSUPPORTED_FORMAT', 'KEY_REQUIRED', 'KEY_WRONG', 'NOT_ENCRYPTED', 'ENCRYPTED_STORE_FULL']);
/** What is documented to take anything: asking whether something is there. */
const LENIENT = new Set(['FluoriteError', 'isFluoriteError', 'off']);
const LIMIT = 30_000;
const name = (row) => `${row.of ? `${row.of}.` : ''}${String(row.name)}`;

process.chdir(deep()); // some hostile values are relative paths

/** A folder four levels down: nothing outside the temporary folder is reached by `../..`. */
function deep() {
  const at = join(folder(), 'a', 'b', 'c', 'd');
  mkdirSync(at, { recursive: true });
  return at;
}

/** A bridge with what right arguments speak of. */
async function worldOf(t) {
  const texts = folder();
  writeFileSync(join(texts, 'notes.md'), '# Notes\n\nA text to learn.\n');
  const bridge = await FluoriteBridge.open({ memory_path: folder(), enable_ml: false });
  t.after(() => bridge.shutdown());
  bridge.on('error', () => undefined);
  const lines = join(folder(), 'lines.jsonl');
  writeFileSync(lines, '{"id":"line","content":"a line"}\n');
  const world = { bridge, id: 'text', other: 'other', texts, lines, closed: folder(), fresh: folder };
  await stock(world);
  const closed = await FluoriteBridge.open({ memory_path: world.closed, enable_ml: false });
  await closed.storeChunk({ id: 'text', content: 'the text of a closed store' }); // no vectors: a model may open what is saved of it
  await closed.shutdown();
  return world;
}

async function stock({ bridge, id, other }) {
  const embedding = new Float32Array(384).fill(0.5);
  await bridge.storeChunks([id, other].map((i) => ({ id: i, content: `the text of ${i}`, embedding })), { durability: 'buffered' });
}

/** Calls a row; gives `{ threw }`, `{ rejected }` or `{ value }`. */
async function call(row, bridge, args) {
  let result;
  try {
    if (row.kind === 'constructor') result = new fluorite[row.name](...args);
    else if (row.kind === 'getter') result = bridge[row.name];
    else if (row.kind === 'method') result = bridge[row.name](...args);
    else result = (row.of ? fluorite[row.of] : fluorite)[row.name](...args);
  } catch (e) {
    return { threw: e };
  }
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`no answer in ${LIMIT / 1000} s`)), LIMIT); });
  try {
    return { value: await Promise.race([settled(row, result), late]) };
  } catch (e) {
    return { rejected: e };
  } finally {
    clearTimeout(timer);
  }
}

async function settled(row, result) {
  if (row.returns === 'value') return result;
  if (row.returns === 'promise') {
    assert.ok(result instanceof Promise);
    const value = await result;
    if (value instanceof FluoriteBridge) await value.shutdown();
    return value;
  }
  const first = result.next();
  if (row.name === 'events') await result.return(); // its first event may never come
  await first;
  await result.return();
}

/** What is wrong with an outcome; `undefined` when nothing is. */
function wrong(row, { threw, rejected, value }, refuse) {
  const e = threw ?? rejected;
  if (threw !== undefined && row.returns !== 'value') return `threw instead of rejecting: ${threw?.stack ?? threw}`;
  if (e === undefined) return refuse ? `was taken: ${String(JSON.stringify(value)).slice(0, 100)}` : undefined;
  if (!isFluoriteError(e)) return `no FluoriteError: ${e?.stack ?? String(e)}`;
  if (!(refuse ? REFUSED : ANSWERED).has(e.code)) return `${e.code}: ${e.message.slice(0, 300)}`;
  if (e.message.length < 8 || e.message.length > 5_000) return `a message of ${e.message.length} characters`;
}

test('every public name has a row, and every row is there', () => {
  const own = (object) => Reflect.ownKeys(object).filter((k) => !['constructor', 'length', 'name', 'prototype'].includes(k));
  for (const of of ['FluoriteBridge']) {
    const kept = (...kinds) => ROWS.filter((r) => r.of === of && kinds.includes(r.kind)).map((r) => String(r.name)).sort();
    assert.deepEqual(kept('method', 'getter'), own(fluorite[of].prototype).map(String).sort());
    assert.deepEqual(kept('static'), own(fluorite[of]).map(String).sort());
  }
  const exported = Object.keys(fluorite).filter((k) => k !== 'default' && k !== 'module.exports');
  assert.deepEqual(ROWS.filter((r) => !r.of).map((r) => r.name).sort(), exported.sort());
});

test('every place has hostile values, most of them of a wrong kind', () => {
  for (const row of ROWS) {
    for (const { text, shape, optional } of placesOf(row)) {
      const wrongKind = Object.values(VALUES).filter((v) => !fits(v, shape, optional)).length;
      assert.ok(shape.kinds.has('any') || wrongKind > 40, `${name(row)} ${text}: ${wrongKind} hostile values`);
    }
  }
});

for (const row of ROWS) {
  test(`${name(row)} withstands hostile values`, async (t) => {
    const world = await worldOf(t);
    const ends = ['shutdown', Symbol.asyncDispose].includes(row.name);
    const bridge = () => (row.name === 'initialize' || ends ? new FluoriteBridge() : world.bridge);
    const failures = [];
    let calls = 0;
    const attempt = async (args, what, refuse) => {
      const one = bridge();
      const outcome = await call(row, one, args);
      if (one !== world.bridge) await one.shutdown();
      const why = wrong(row, outcome, refuse && !LENIENT.has(row.name));
      if (why) failures.push(`${what}: ${why}`);
      calls++;
      if (row.name === 'deleteWhere' && outcome.value > 0) await stock(world);
    };
    const places = placesOf(row);
    await attempt(rightArguments(row, world), 'right arguments', false);
    for (const place of places) {
      for (const [what, value] of valuesOf(row)) {
        const args = hostileArguments(row, world, place, value.make(place.shape));
        await attempt(args, `${place.text} = ${what}`, mustBeRefused(value, place.shape, place.optional));
      }
    }
    if (places.length === 0) for (const [what, value] of Object.entries(VALUES)) await attempt([value.make()], `argument ${what}`, false);
    else await attempt([], 'no argument', !row.parameters[0].optional);
    t.diagnostic(`${calls} calls`);
    assert.equal(failures.length, 0, `${failures.length} of ${calls}\n${failures.slice(0, 60).join('\n')}`);
    const id = await world.bridge.storeChunk({ content: 'the bridge still works' });
    assert.equal((await world.bridge.getChunk(id)).content, 'the bridge still works');
  });
}
