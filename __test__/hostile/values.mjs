// Values nobody should give. Each has what it is (for comparing with declared types) and, where a declared type could
// never make it right, `refused`: it must be rejected wherever it stands in data.
//   is      kinds a value counts as: names of kinds and classes of shape.mjs, `list`, `object`
//   refused true, or a function of the shape at its place
const ofText = ({ kinds }) => kinds.has('string') || kinds.has('any');
const ofNumber = ({ kinds }) => kinds.has('number') || kinds.has('any');

function detached(array) {
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

function cyclic() {
  const a = { content: 'x', query: 'x' };
  a.metadata = a;
  a.filter = a;
  return a;
}

function trap() {
  throw new Error('trap');
}

const TRAPS = Object.fromEntries(Reflect.ownKeys(Reflect).filter((k) => typeof k === 'string').map((k) => [k, trap]));
const floats = (fill, n = 384) => new Float32Array(n).fill(fill);
/** As long as any text is allowed to be anywhere, and more. */
const long = 'x'.repeat(10 * 2 ** 20);
const half = 'x'.repeat(64 * 1024);

export const VALUES = {
  undefined: { make: () => undefined, is: ['undefined'] },
  null: { make: () => null, is: ['null'] },
  true: { make: () => true, is: ['boolean'] },
  NaN: { make: () => NaN, is: ['number'], refused: ofNumber },
  Infinity: { make: () => Infinity, is: ['number'], refused: ofNumber },
  '-Infinity': { make: () => -Infinity, is: ['number'], refused: ofNumber },
  '-1': { make: () => -1, is: ['number'] },
  0: { make: () => 0, is: ['number'] },
  '-0': { make: () => -0, is: ['number'] },
  1.5: { make: () => 1.5, is: ['number'] },
  1e9: { make: () => 1e9, is: ['number'] },
  '2^53': { make: () => 2 ** 53, is: ['number'] },
  1e308: { make: () => 1e308, is: ['number'] },
  'empty text': { make: () => '', is: ['string'] },
  NUL: { make: () => 'a\0b', is: ['string'] },
  'lone surrogate': { make: () => 'a\ud800', is: ['string'], refused: ofText },
  'upward path': { make: () => '../../etc/passwd', is: ['string'] },
  'device name': { make: () => 'CON', is: ['string'] },
  __proto__text: { make: () => '__proto__', is: ['string'] },
  '64 KiB text': { make: () => half, is: ['string'] },
  '10 MiB text': { make: () => long, is: ['string'] },
  'boxed text': { make: () => new String('text'), is: ['object', 'items'] },
  'boxed number': { make: () => new Number(1), is: ['object'] },
  symbol: { make: () => Symbol('s'), is: ['symbol'], refused: true },
  bigint: { make: () => 1n, is: ['bigint'], refused: true },
  function: { make: () => () => 1, is: ['function'], refused: true },
  'throwing function': { make: () => trap, is: ['function'], refused: true },
  class: { make: () => class {}, is: ['function'], refused: true },
  'empty object': { make: () => ({}), is: ['object'] },
  'null prototype': { make: () => Object.assign(Object.create(null), { zzz: 1 }), is: ['object'] },
  'unknown member': { make: () => ({ zzz: 1 }), is: ['object'], refused: ({ members }) => members },
  'own __proto__': { make: () => JSON.parse('{"__proto__": {"content": "x"}}'), is: ['object'], refused: ({ members }) => members },
  'inherited members': { make: () => Object.create({ content: 'x', limit: 1 }), is: ['object'] },
  'both spellings': { make: bothSpellings, is: ['object'], refused: ({ members }) => members },
  cyclic: { make: cyclic, is: ['object'], refused: true },
  'throwing getters': { make: throwingGetters(() => new Error('getter')), is: ['object'], refused: true },
  'getters that throw null': { make: throwingGetters(() => null), is: ['object'], refused: true },
  'getters that throw what has no text': { make: throwingGetters(() => Object.create(null)), is: ['object'], refused: true },
  'throwing Proxy': { make: () => new Proxy({}, TRAPS), is: ['object'], refused: true },
  'throwing Proxy of a list': { make: () => new Proxy([1, 2], TRAPS), is: ['list'], refused: true },
  'throwing Proxy of a function': { make: () => new Proxy(() => 1, TRAPS), is: ['function'], refused: true },
  'revoked Proxy': { make: () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; }, is: ['object'], refused: true },
  'revoked Proxy of a list': { make: () => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return proxy; }, is: ['list'], refused: true },
  'Proxy that hides nothing': { make: () => new Proxy({}, {}), is: ['object'] },
  'toJSON that throws': { make: () => ({ toJSON: trap }), is: ['object'], refused: true },
  'toString that throws': { make: () => ({ toString: trap, [Symbol.toPrimitive]: trap }), is: ['object'], refused: true },
  thenable: { make: () => ({ then: trap }), is: ['object'], refused: true },
  Promise: { make: () => Promise.resolve('x'), is: ['object'], refused: true },
  'rejected Promise': { make: () => { const p = Promise.reject(new Error('x')); p.catch(() => undefined); return p; }, is: ['object'], refused: true },
  Error: { make: () => new Error('x'), is: ['object'], refused: true },
  Map: { make: () => new Map([['content', 'x']]), is: ['object', 'items'], refused: true },
  Set: { make: () => new Set(['x']), is: ['object', 'items'], refused: ({ items }) => !items },
  WeakRef: { make: () => new WeakRef({}), is: ['object'], refused: true },
  RegExp: { make: () => /x/, is: ['object'], refused: true },
  Date: { make: () => new Date(0), is: ['Date'] },
  'invalid Date': { make: () => new Date(NaN), is: ['Date'], refused: true },
  'empty list': { make: () => [], is: ['list'] },
  'list of null': { make: () => [null], is: ['list'] },
  'list of lone surrogates': { make: () => ['\udfff'], is: ['list'], refused: true },
  'list of symbols': { make: () => [Symbol('s')], is: ['list'], refused: true },
  'sparse list': { make: () => new Array(3), is: ['list'] },
  'huge sparse list': { make: () => new Array(2 ** 32 - 1), is: ['list'], refused: true },
  'million of lists': { make: () => new Array(1_000_001).fill([]), is: ['list'], refused: true },
  'list that holds itself': { make: () => { const a = []; a.push(a); return a; }, is: ['list'], refused: true },
  'lists 10,000 deep': { make: () => { let a = []; for (let i = 0; i < 10_000; i++) a = [a]; return a; }, is: ['list'], refused: true },
  'iterator that lies': { make: () => ({ [Symbol.iterator]: () => ({ next: () => 7 }) }), is: ['items', 'object'] },
  'iterable that throws': { make: () => ({ [Symbol.asyncIterator]: trap }), is: ['items', 'object'] },
  'generator that throws': { make: () => (function* () { yield 1; trap(); })(), is: ['items', 'object'] },
  Buffer: { make: () => Buffer.from([255, 0]), is: ['Uint8Array', 'Buffer'] },
  'detached bytes': { make: () => detached(new Uint8Array(8)), is: ['Uint8Array'], refused: true },
  'shared bytes': { make: () => new Uint8Array(new SharedArrayBuffer(8)), is: ['Uint8Array'], refused: true },
  'detached vector': { make: () => detached(floats(1)), is: ['Float32Array'], refused: true },
  'shared vector': { make: () => new Float32Array(new SharedArrayBuffer(384 * 4)).fill(1), is: ['Float32Array'], refused: true },
  'wrong dimension': { make: () => floats(1, 3), is: ['Float32Array'], refused: ({ classes }) => classes.has('Float32Array') },
  'empty vector': { make: () => floats(1, 0), is: ['Float32Array', 'list', 'items'], refused: ({ classes }) => classes.has('Float32Array') },
  'zero vector': { make: () => floats(0), is: ['Float32Array'], refused: ({ classes }) => classes.has('Float32Array') },
  'NaN vector': { make: () => floats(NaN), is: ['Float32Array'], refused: true },
  'Infinity vector': { make: () => floats(Infinity), is: ['Float32Array'], refused: true },
  Float64Array: { make: () => new Float64Array(384).fill(1), is: ['Float64Array'], refused: true },
  ArrayBuffer: { make: () => new ArrayBuffer(8), is: ['ArrayBuffer'], refused: true },
  DataView: { make: () => new DataView(new ArrayBuffer(8)), is: ['DataView'], refused: true },
  'aborted signal': { make: () => AbortSignal.abort(), is: ['AbortSignal'] },
  'signal that throws': { make: () => ({ aborted: false, addEventListener: trap, removeEventListener: trap }), is: ['AbortSignal'] }, // listChunks never listens
  'signal that throws when asked': { make: () => ({ get aborted() { return trap(); }, addEventListener() {}, removeEventListener() {} }), is: ['AbortSignal'], refused: true },
};

/** Every member that is declared here, as a getter that throws; one of another name when none is. */
function throwingGetters(thrown) {
  return (shape) => {
    const names = [...(shape?.members?.keys() ?? []), ...(shape?.members ? [] : ['zzz'])];
    return Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { enumerable: true, get() { throw thrown(); } }])));
  };
}

/** A member in snake_case and in camelCase. */
function bothSpellings(shape) {
  const name = [...(shape?.members?.keys() ?? [])].find((n) => n.includes('_')) ?? 'chunk_type';
  return { [name]: undefined, [name]: 1, [name.replace(/_([a-z])/g, (_, c) => c.toUpperCase())]: 1 };
}

/** The values for a row; where the work is a second a MiB and the refusal another's, a text of one MiB will do. */
export function valuesOf({ name }) {
  const slow = name === 'countTokens' || name === 'chunkText';
  return Object.entries({ ...VALUES, ...(slow && { '10 MiB text': { make: () => long.slice(0, 2 ** 20), is: ['string'] } }) });
}

/** May a value stand where this shape is declared, as far as its kind goes? */
export function fits({ is }, { kinds, literals, classes, list, items, members, record }, optional) {
  if (kinds.has('any')) return true;
  return is.some(
    (kind) =>
      kinds.has(kind) ||
      classes.has(kind) ||
      (kind === 'undefined' && optional) ||
      (kind === 'null' && optional) || // `null` is as good as absent
      (kind === 'boolean' && literals.has(true)) ||
      (kind === 'Date' && kinds.has('string')) || // its ISO text, as in JSON
      (kind === 'list' && (list || items)) ||
      (kind === 'items' && items) ||
      (kind === 'object' && (members || record)) ||
      // a Buffer is a Uint8Array; bytes and vectors are lists of numbers
      (kind === 'Buffer' && classes.has('Uint8Array')),
  );
}

/** Must it be rejected here? */
export function mustBeRefused(value, shape, optional) {
  if (!fits(value, shape, optional)) return true;
  if (value.is.includes('function') && shape.kinds.has('function')) return false;
  return Boolean(typeof value.refused === 'function' ? value.refused(shape) : value.refused);
}
