// Every public method x hostile values: a rejection with a code, or a legitimate result; never the end of the process.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FluoriteBridge, FluoriteError, isFluoriteError } from '../index.mjs';
import { folder, open, rejects, vector } from './helpers.mjs';

const CODES = new Set(
  ('NOT_INITIALIZED ALREADY_INITIALIZED CLOSED INVALID_CONFIG INVALID_ARGUMENT INVALID_ID CHUNK_TOO_LARGE NOT_FOUND MODEL_NOT_FOUND MODEL_REJECTED ' +
    'EMBEDDING_FAILED DIMENSION_MISMATCH STORE_LOCKED READ_ONLY CORRUPT NO_SPACE POISONED UNSUPPORTED_FORMAT ABORTED BUSY IO').split(' '),
);

function detached(array) {
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

function cyclic() {
  const a = { content: 'x' };
  a.metadata = a;
  return a;
}

const throwing = () => new Proxy({}, { get() { throw new Error('trap'); }, ownKeys() { throw new Error('trap'); }, getPrototypeOf() { throw new Error('trap'); } });
const HOSTILE = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  NaN: () => NaN,
  Infinity: () => Infinity,
  '-1': () => -1,
  '2^53': () => 2 ** 53,
  '1e308': () => 1e308,
  '-0': () => -0,
  'empty text': () => '',
  text: () => 'text',
  'long text': () => 'x'.repeat(2_000_000),
  'lone surrogate': () => 'a\ud800',
  NUL: () => 'a\0b',
  'empty object': () => ({}),
  'empty array': () => [],
  'huge sparse array': () => new Array(2 ** 32 - 1),
  'array of null': () => [null],
  'array of lone surrogate': () => ['\udfff'],
  'deep array': () => { let a = []; for (let i = 0; i < 10_000; i++) a = [a]; return a; },
  'cyclic object': cyclic,
  'array of cyclic': () => [cyclic()],
  'throwing getter': () => ({ get content() { throw new Error('getter'); }, get limit() { throw new Error('getter'); }, get signal() { throw new Error('getter'); } }),
  'getter that throws null': () => ({ get content() { throw null; } }),
  'throwing Proxy': throwing,
  'Proxy of an array': () => new Proxy([], { get(target, key) { if (key === '0' || key === 'length') throw new Error('trap'); return Reflect.get(target, key); } }),
  'revoked Proxy': () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; },
  'lying iterator': () => ({ [Symbol.iterator]: () => ({ next: () => 7 }) }),
  'throwing iterator': () => ({ [Symbol.asyncIterator]() { throw new Error('iterator'); } }),
  'unknown key': () => ({ zzz: 1 }),
  'both spellings': () => ({ content: 'x', chunk_type: 'pattern', chunkType: 'pattern' }),
  'bad id': () => ({ id: 'a\ud800', content: 'x' }),
  'bad signal': () => ({ signal: {} }),
  'bad progress': () => ({ on_progress: 3 }),
  'wrong types': () => ({ content: 3, limit: 'x', namespace: 7, filter: 'x', path: 5, embedded: 'x', all: 'x' }),
  'empty namespace': () => ({ namespace: '' }),
  'missing path': () => ({ path: '/no/such/folder', memory_path: '' }),
  function: () => () => 1,
  class: () => class {},
  symbol: () => Symbol('s'),
  bigint: () => 1n,
  Date: () => new Date(),
  'invalid Date': () => new Date(NaN),
  RegExp: () => /x/,
  Map: () => new Map([['content', 'x']]),
  Promise: () => Promise.resolve('x'),
  'rejected Promise': () => { const p = Promise.reject(new Error('x')); p.catch(() => {}); return p; },
  thenable: () => ({ then() { throw new Error('then'); } }),
  Buffer: () => Buffer.from([255, 0]),
  'detached Buffer': () => detached(new Uint8Array(8)),
  'chunk with detached content': () => ({ content: detached(new Uint8Array(8)) }),
  'detached vector': () => detached(new Float32Array(384)),
  'shared vector': () => new Float32Array(new SharedArrayBuffer(384 * 4)),
  'wrong dimension': () => new Float32Array(3).fill(1),
  'empty vector': () => new Float32Array(0),
  'zero vector': () => new Float32Array(384),
  'NaN vector': () => new Float32Array(384).fill(NaN),
  'Infinity vector': () => new Float32Array(384).fill(Infinity),
  Float64Array: () => new Float64Array(384).fill(1),
  ArrayBuffer: () => new ArrayBuffer(8),
  DataView: () => new DataView(new ArrayBuffer(8)),
  Error: () => new Error('x'),
  'null prototype': () => Object.assign(Object.create(null), { content: 'x' }),
};

// The list comes from the class itself: a new method cannot be forgotten.
const methods = Reflect.ownKeys(FluoriteBridge.prototype).filter((m) => m !== 'constructor' && typeof Object.getOwnPropertyDescriptor(FluoriteBridge.prototype, m).value === 'function');
const ends = new Set(['shutdown', Symbol.asyncDispose]);

async function call(bridge, method, args) {
  const result = bridge[method](...args);
  if (method === 'events') { // its first event may never come
    const first = result.next();
    await result.return();
    return void (await first);
  }
  if (typeof result?.[Symbol.asyncIterator] === 'function') {
    for await (const _ of result) break;
    return;
  }
  await result;
}

/** Ends in time, and when in error then with a code. */
async function legitimate(bridge, method, args, what) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('no answer in 30 s')), 30_000); });
  try {
    await Promise.race([call(bridge, method, args), late]);
  } catch (e) {
    assert.ok(isFluoriteError(e) && CODES.has(e.code), `${String(method)}(${what}): ${e?.code} ${e?.stack ?? e}`);
    assert.ok(e.message.length > 0 && e.message.length < 5_000, `${String(method)}(${what}): message of ${e.message.length} characters`);
  } finally {
    clearTimeout(timer);
  }
}

for (const method of methods.filter((m) => !ends.has(m))) {
  test(`${String(method)} withstands hostile values`, async (t) => {
    const bridge = await open(t);
    await bridge.storeChunk({ id: 'text', content: 'a chunk' });
    for (const [what, make] of Object.entries(HOSTILE)) {
      await legitimate(bridge, method, [make()], what);
      await legitimate(bridge, method, ['text', make()], `'text', ${what}`);
      await legitimate(bridge, method, [[{ content: 'x' }], make()], `[chunk], ${what}`);
      await legitimate(bridge, method, [{ content: 'x', metadata: { v: make() } }], `metadata ${what}`);
      await legitimate(bridge, method, [{ filter: make(), namespace: make(), embedding: make() }, make()], `members ${what}`);
    }
    await legitimate(bridge, method, [], 'nothing');
    const id = await bridge.storeChunk({ content: 'the bridge still works' });
    assert.equal((await bridge.getChunk(id)).content, 'the bridge still works');
  });
}

test('no method throws synchronously, except the synchronous ones', async (t) => {
  const bridge = new FluoriteBridge();
  const synchronous = ['countTokens', 'on', 'once'];
  for (const method of methods.filter((m) => !synchronous.includes(m))) {
    const result = bridge[method](throwing(), throwing());
    if (typeof result?.then === 'function') await result.catch(() => {});
  }
  for (const method of synchronous) assert.throws(() => bridge[method](throwing()), { name: 'FluoriteError' });
});

test('open and initialize withstand hostile configurations', async () => {
  process.chdir(folder()); // some of these values are paths
  for (const [what, make] of Object.entries(HOSTILE)) {
    for (const config of [make(), { memory_path: make() }, { memory_path: folder(), enable_ml: make() === true ? false : make() }, { memory_path: folder(), enable_ml: false, memory: make() }]) {
      try {
        const bridge = await FluoriteBridge.open(config);
        await bridge.shutdown();
      } catch (e) {
        assert.ok(isFluoriteError(e) && CODES.has(e.code), `open(${what}): ${e?.code} ${e?.stack ?? e}`);
      }
    }
  }
});

test('messages name the place and the remedy', async (t) => {
  const bridge = await open(t);
  await rejects(bridge.storeChunk({ contnet: 'x' }), 'INVALID_ARGUMENT', /did you mean "content"/);
  await rejects(bridge.storeChunk({ content: 'x', tags: ['a', 1] }), 'INVALID_ARGUMENT', /tags\.1/);
  await rejects(bridge.storeChunk({ content: 'x', metadata: { a: { b: () => 1 } } }), 'INVALID_ARGUMENT', /metadata\.a\.b: a function/);
  await rejects(bridge.storeChunk({ content: 'x', qualityScore: 1, quality_score: 1 }), 'INVALID_ARGUMENT', /both spellings/);
  await rejects(bridge.storeChunk({ get content() { throw new Error('my getter'); } }), 'INVALID_ARGUMENT', /my getter/);
  await rejects(bridge.storeChunk({ id: 'a\ud800', content: 'x' }), 'INVALID_ID', /surrogate/);
  await rejects(bridge.getChunk('\ud800'), 'INVALID_ID', /surrogate/);
  await rejects(bridge.getChunk('x'.repeat(1_025)), 'INVALID_ID', /1025|1,025/);
  await rejects(bridge.searchSimilar('a\ud800'), 'INVALID_ARGUMENT', /surrogate/);
  await bridge.storeChunk({ content: 'x', embedding: vector(1) });
  await rejects(bridge.searchSimilar(vector(1).slice(1)), 'DIMENSION_MISMATCH', /383/);
  await rejects(bridge.searchSimilar(new Float32Array(384)), ['INVALID_ARGUMENT', 'DIMENSION_MISMATCH']);
});

test('the error class', () => {
  const e = new FluoriteError('IO', 'message', new Error('cause'));
  assert.ok(e instanceof Error && isFluoriteError(e));
  assert.deepEqual([e.name, e.code, e.message, e.cause.message], ['FluoriteError', 'IO', 'message', 'cause']);
  assert.match(e.stack, /^FluoriteError: message/);
  for (const other of [null, undefined, 'x', {}, new Error('x'), { name: 'FluoriteError' }]) assert.equal(isFluoriteError(other), false);
});
