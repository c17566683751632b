// The LangGraph store beside the in-memory store of LangGraph itself: the same calls, the same answers.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { InMemoryStore } from '@langchain/langgraph-checkpoint';
import { FluoriteStore } from 'fluorite-bridge/langgraph';

import { DIMENSIONS, folder, open, rejects, root } from './helpers.mjs';

/** What of an item is promised: not the exact times. `score` of unranked items is undefined or absent. */
const plain = (item) => item && { namespace: item.namespace, key: item.key, value: item.value };
const byPlace = (items) => items.map(plain).sort((a, b) => (JSON.stringify([a.namespace, a.key]) < JSON.stringify([b.namespace, b.key]) ? -1 : 1));

async function both(t, config) {
  const bridge = await open(t, config);
  return { ours: new FluoriteStore(bridge), theirs: new InMemoryStore(), bridge };
}

const VALUES = {
  text: { text: 'prefers tea' }, nested: { a: { b: [1, 2.5, { c: null }] }, t: true, f: false, n: null, z: 0, neg: -1.5, big: 1e300, e: '' },
  empty: {}, unicode: { 'ключ': '値 🦀', 'quote"': '\\' }, control: { c: '\u0000\u001b\n' }, numbers: { int: 9007199254740991, float: 0.1 },
};

test('what is put is got, updated and deleted, as in the reference', async (t) => {
  const { ours, theirs } = await both(t);
  for (const store of [ours, theirs]) for (const [key, value] of Object.entries(VALUES)) await store.put(['users', 'ann'], key, value);
  for (const key of [...Object.keys(VALUES), 'missing', '']) assert.deepEqual(plain(await ours.get(['users', 'ann'], key)), plain(await theirs.get(['users', 'ann'], key)), key);
  assert.equal(await ours.get(['users'], 'text'), null, 'a key belongs to one namespace');
  const first = await ours.get(['users', 'ann'], 'text');
  assert.ok(first.createdAt instanceof Date && first.updatedAt >= first.createdAt);
  for (const store of [ours, theirs]) {
    await store.put(['users', 'ann'], 'text', { text: 'prefers coffee' });
    await store.delete(['users', 'ann'], 'empty');
    await store.delete(['users', 'ann'], 'missing');
  }
  const second = await ours.get(['users', 'ann'], 'text');
  assert.deepEqual([second.value, second.createdAt], [{ text: 'prefers coffee' }, first.createdAt]);
  assert.deepEqual(byPlace(await ours.search(['users'], { limit: 100 })), byPlace(await theirs.search(['users'], { limit: 100 })));
});

test('namespaces that are refused, as in the reference', async (t) => {
  const { ours, theirs } = await both(t);
  for (const namespace of [[], [''], ['a.b'], ['a:b'], ['a', ''], ['langgraph'], [1], ['a\0b']]) {
    for (const call of [(s) => s.put(namespace, 'k', {}), (s) => s.get(namespace, 'k'), (s) => s.delete(namespace, 'k'), (s) => s.search(namespace)]) {
      const ended = async (store) => call(store).then(() => 'done', (e) => `${e.name}: ${e.message}`);
      assert.deepEqual(await ended(ours), await ended(theirs), `${call} ${JSON.stringify(namespace)}`);
    }
  }
});

test('filters, as in the reference', async (t) => {
  const { ours, theirs } = await both(t);
  const items = [
    { kind: 'a', n: 1, on: true }, { kind: 'a', n: 2, on: false, tag: null }, { kind: 'b', n: 3, tag: 'x' }, { kind: 'b', n: '3' }, { kind: null }, {}, { kind: 'A', n: 1.5 }, { kind: { x: 1 } },
  ];
  for (const store of [ours, theirs]) for (const [i, value] of items.entries()) await store.put(i % 2 ? ['docs'] : ['docs', 'sub'], `k${i}`, value);
  const filters = [
    {}, { kind: 'a' }, { kind: 'A' }, { kind: null }, { tag: undefined }, { n: 1 }, { n: '3' }, { n: 3 }, { on: true }, { on: false }, { kind: 'a', n: 2 }, { kind: { x: 1 } },
    { n: { $gt: 1 } }, { n: { $gte: 1.5, $lt: 3 } }, { n: { $lte: 2 } }, { n: { $ne: 1 } }, { kind: { $eq: 'b' } }, { kind: { $in: ['a', null] } }, { kind: { $nin: ['a'] } }, { kind: 'b', n: { $gt: 2 } },
    { missing: { $gt: 0 } }, { missing: { $nin: [1] } }, { kind: {} }, { n: { $in: 'no list' } }, { n: Number.NaN },
  ];
  for (const filter of filters) {
    for (const prefix of [[], ['docs'], ['docs', 'sub'], ['doc'], ['docs', 'sub', 'deep']]) {
      assert.deepEqual(byPlace(await ours.search(prefix, { filter, limit: 100 })), byPlace(await theirs.search(prefix, { filter, limit: 100 })), JSON.stringify({ filter, prefix }));
    }
  }
});

test('pages do not overlap and miss nothing', async (t) => {
  const { ours, theirs } = await both(t);
  for (const store of [ours, theirs]) for (let i = 0; i < 300; i++) await store.put(['p', `n${i % 3}`], `k${i}`, { i, even: i % 2 === 0 });
  assert.equal((await ours.search(['p'])).length, 10, 'the usual limit');
  for (const filter of [undefined, { even: true }, { i: { $gte: 100 } }]) {
    const seen = [];
    for (let offset = 0; ; offset += 64) {
      const page = await ours.search(['p'], { filter, limit: 64, offset });
      assert.equal(page.length, (await theirs.search(['p'], { filter, limit: 64, offset })).length);
      if (page.length === 0) break;
      seen.push(...page);
    }
    assert.deepEqual(byPlace(seen), byPlace(await theirs.search(['p'], { filter, limit: 1_000 })));
  }
});

test('namespaces are listed as in the reference', async (t) => {
  const { ours, theirs } = await both(t);
  const all = [['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'x', 'c'], ['b', 'c'], ['z'], ['Z'], ['a', 'b', 'd', 'c']];
  for (const store of [ours, theirs]) for (const namespace of all) for (const key of ['1', '2']) await store.put(namespace, key, { key });
  const options = [
    {}, { prefix: ['a'] }, { prefix: ['a', 'b'] }, { suffix: ['c'] }, { prefix: ['a'], suffix: ['c'] }, { maxDepth: 1 }, { maxDepth: 2 }, { prefix: ['a'], maxDepth: 2 }, { prefix: ['*', 'b'] },
    { prefix: ['a', '*', 'c'] }, { suffix: ['*', 'c'] }, { limit: 3 }, { limit: 3, offset: 2 }, { offset: 100 }, { prefix: ['none'] }, { prefix: ['a', 'b', 'c', 'd', 'e'] },
  ];
  for (const o of options) assert.deepEqual(await ours.listNamespaces(o), await theirs.listNamespaces(o), JSON.stringify(o));
  for (const key of ['1', '2']) await ours.delete(['z'], key);
  assert.ok(!(await ours.listNamespaces()).some((n) => n[0] === 'z'), 'an empty namespace is none (the in-memory store keeps listing it)');
});

test('a batch reads what was there before and its last put counts, as in the reference', async (t) => {
  const { ours, theirs } = await both(t);
  const results = [];
  for (const store of [ours, theirs]) {
    await store.put(['n'], 'old', { v: 1 });
    const answers = await store.batch([
      { namespace: ['n'], key: 'old' }, { namespace: ['n'], key: 'new' }, { namespace: ['n'], key: 'new', value: { v: 1 } }, { namespace: ['n'], key: 'new', value: { v: 2 } },
      { namespacePrefix: ['n'], limit: 10, offset: 0 }, { namespace: ['n'], key: 'gone', value: { v: 1 } }, { namespace: ['n'], key: 'gone', value: null }, { matchConditions: [], limit: 10, offset: 0 },
    ]);
    results.push([answers.map((a) => (Array.isArray(a) && a[0]?.key ? byPlace(a) : a?.key ? plain(a) : a)), byPlace(await store.search(['n']))]);
  }
  assert.deepEqual(results[0], results[1]);
  // The in-memory store hands out the object it keeps, so there a later put shows in what was read before.
  const [, read] = await ours.batch([{ namespace: ['n'], key: 'old', value: { v: 2 } }, { namespace: ['n'], key: 'old' }]);
  assert.deepEqual(read.value, { v: 1 });
  const many = Array.from({ length: 300 }, (_, i) => ({ namespace: ['n'], key: `fine ${i}`, value: { v: 1 } }));
  await rejects(ours.batch([...many, { namespace: ['n'], key: 'k'.repeat(2_000), value: { v: 1 } }]), 'INVALID_ID');
  assert.equal(await ours.get(['n'], 'fine 0'), null, 'the puts of a batch are all stored or none');
});

test('a batch of any size: puts beyond one atomic batch, thousands of reads, searches and deletes', async (t) => {
  const { ours, bridge } = await both(t);
  const place = (i) => ({ namespace: ['n'], key: `k${i}` });
  const each = (count, op) => ours.batch(Array.from({ length: count }, (_, i) => ({ ...place(i), ...op(i) })));
  await each(10_500, (i) => ({ value: { i } }));
  assert.ok((await each(10_500, () => ({}))).every((item, i) => item.value.i === i));
  const searches = await ours.batch(Array.from({ length: 2_500 }, (_, i) => ({ namespacePrefix: ['n'], filter: { i }, limit: 1, offset: 0 })));
  assert.ok(searches.every(([item], i) => item.value.i === i));
  await each(10_500, (i) => ({ value: i === 7 ? { kept: true } : null }));
  assert.deepEqual((await ours.search(['n'], { limit: 10 })).map((i) => i.value), [{ kept: true }]);
  assert.equal((await bridge.getStats()).chunks, 1);
});

test('what cannot be kept or is no option is refused at once, with a code', async (t) => {
  const { ours, bridge } = await both(t);
  const circular = {};
  circular.self = circular;
  for (const value of [undefined, [1], 'x', 1, true, new Date(0), { toJSON: () => 1 }, { n: 1n }, circular, () => 1]) {
    await rejects(ours.batch([{ namespace: ['n'], key: 'fine', value: { a: 1 } }, { namespace: ['n'], key: 'the key', value }]), 'INVALID_ARGUMENT', /the key/);
  }
  await rejects(ours.put(['n'], 'the key', { a: 1 }, 'text'), 'INVALID_ARGUMENT', /index/);
  await rejects(ours.put(['n'], 7, { a: 1 }), 'INVALID_ARGUMENT', /key is a text/);
  assert.deepEqual(await ours.search([]), [], 'nothing of such a batch is stored');
  await rejects(ours.search(['n'], { query: ' \n' }), 'INVALID_ARGUMENT', /query is blank/);
  assert.deepEqual(await ours.search(['n'], { query: '' }), [], 'no query: a listing, as in the reference');
  for (const [options, about] of [[{ feilds: ['text'] }, /feilds.*namespace, fields, mode/], [{ fields: 'text' }, /fields.*list/], [{ fields: [1] }, /fields/], [{ mode: 'semantic' }, /vector, lexical, hybrid/], [{ namespace: '' }, /namespace/], [null, /options/], ['ns', /options/]]) {
    await rejects((async () => new FluoriteStore(bridge, options))(), 'INVALID_ARGUMENT', about);
  }
});

test('an offset below 0 is 0, the members of a value come in the order of their names', async (t) => {
  const { ours } = await both(t);
  await ours.put(['n'], 'a', { text: 'tea', b: 1, a: { d: 1, c: 2 } });
  await ours.put(['n'], 'b', { text: 'green tea' });
  for (const query of [undefined, 'tea']) assert.equal((await ours.search(['n'], { query, offset: -1 })).length, 2, query);
  assert.equal(JSON.stringify((await ours.get(['n'], 'a')).value), '{"a":{"c":2,"d":1},"b":1,"text":"tea"}');
});

test('random calls, side by side', async (t) => {
  const { ours, theirs } = await both(t);
  let x = 20_26;
  const random = (n) => (x = (x * 1_103_515_245 + 12_345) % 2_147_483_648) % n;
  const namespaces = [['a'], ['a', 'b'], ['a', 'b', 'c'], ['b']];
  for (let i = 0; i < 400; i++) {
    const [namespace, key] = [namespaces[random(4)], `k${random(6)}`];
    const kind = random(10);
    if (kind < 5) for (const s of [ours, theirs]) await s.put(namespace, key, { i, k: i % 3, s: `v${i % 5}` });
    else if (kind < 7) for (const s of [ours, theirs]) await s.delete(namespace, key);
    else if (kind < 8) assert.deepEqual(plain(await ours.get(namespace, key)), plain(await theirs.get(namespace, key)));
    else {
      const filter = [undefined, { k: 1 }, { s: 'v2', k: { $ne: 0 } }, { i: { $lt: i / 2 } }][random(4)];
      const prefix = namespace.slice(0, random(3));
      assert.deepEqual(byPlace(await ours.search(prefix, { filter, limit: 50 })), byPlace(await theirs.search(prefix, { filter, limit: 50 })), `call ${i}`);
    }
  }
});

test('a query ranks as the reference does with the same vectors', async (t) => {
  const bridge = await open(t, { enable_ml: true });
  const embeddings = {
    embedDocuments: async (texts) => (await bridge.generateEmbeddings(texts)).map((v) => [...v]),
    embedQuery: async (text) => [...(await bridge.generateEmbedding(text))],
  };
  const stores = (fields) => [new FluoriteStore(bridge, { namespace: `lg-${fields ?? 'all'}`, ...(fields ? { fields } : {}) }), new InMemoryStore({ index: { dims: DIMENSIONS, embeddings, ...(fields ? { fields } : {}) } })];
  const notes = [
    { text: 'Ann prefers tea over coffee', topic: 'drink' }, { text: 'Bob plays the violin in an orchestra', topic: 'music' }, { text: 'the database is PostgreSQL 16', topic: 'work', tags: ['sql'] },
    { text: 'deploys go out on Tuesdays', topic: 'work' }, { text: 'Carol is allergic to peanuts', topic: 'food' }, { topic: 'nothing to say' },
  ];
  for (const fields of [undefined, ['text']]) {
    const [ours, theirs] = stores(fields);
    for (const store of [ours, theirs]) {
      for (const [i, value] of notes.entries()) await store.put(i < 4 ? ['u', 'one'] : ['u', 'two'], `n${i}`, value);
      await store.put(['u', 'one'], 'by topic', { text: 'zzz', topic: 'string instruments' }, ['topic']);
      await store.put(['u', 'two'], 'hidden', { text: 'plays the violin', topic: 'music' }, false);
    }
    for (const query of ['musical instruments', 'which drink does Ann like', 'SQL storage']) {
      for (const options of [{ limit: 3 }, { limit: 2, offset: 1 }, { limit: 3, filter: { topic: 'work' } }, { limit: 4, filter: { topic: { $ne: 'music' } } }]) {
        const [mine, reference] = [await ours.search(['u'], { query, ...options }), await theirs.search(['u'], { query, ...options })];
        assert.deepEqual(mine.map(plain), reference.map(plain), JSON.stringify({ fields, query, options }));
        // The reference's negative cosines are 0 here: scores lie between 0 and 1.
        for (const [i, item] of mine.entries()) if (item.score !== undefined) assert.ok(Math.abs(item.score - Math.max(0, reference[i].score)) < 1e-3);
      }
    }
    const all = await ours.search(['u', 'two'], { query: 'violin', limit: 10 });
    assert.equal(all.at(-1).key, fields ? 'hidden' : 'hidden');
    assert.equal(all.at(-1).score, undefined, 'what is not indexed comes last, without a score');
  }
});

test('without a model a query is searched by words', async (t) => {
  const { ours } = await both(t);
  await ours.put(['n'], 'a', { text: 'prefers tea' });
  await ours.put(['n'], 'b', { text: 'plays the violin' });
  assert.deepEqual((await ours.search(['n'], { query: 'violin' })).map((i) => i.key), ['b']);
});

test('fields: paths into a value', async (t) => {
  const bridge = await open(t);
  const value = { title: 'alpha', meta: { tags: ['beta', 'gamma'], deep: { n: 42 } }, list: [{ t: 'delta' }, { t: 'epsilon' }], off: 'omega' };
  const rows = [
    [['title'], 'alpha'], [['meta.tags[0]'], 'beta'], [['meta.tags[-1]'], 'gamma'], [['meta.tags[*]'], 'beta gamma'], [['list[*].t'], 'delta epsilon'], [['meta.deep.n'], '42'],
    [['{title,meta.deep.n}'], 'alpha 42'], [['meta.*'], 'beta gamma 42'], [['none', 'title.x', 'list.t'], ''], [['$'], 'alpha beta gamma delta epsilon omega 42'], [['toString', '__proto__'], ''],
  ];
  for (const [fields, words] of rows) {
    const store = new FluoriteStore(bridge, { namespace: `f ${fields}`, fields });
    await store.put(['n'], 'k', value);
    for (const word of ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'omega', '42']) {
      const [found] = await store.search(['n'], { query: word });
      assert.equal(found?.score !== undefined, words.split(' ').includes(word), `${fields}: ${word}`);
    }
  }
});

test('items last, large values too', async (t) => {
  const memory_path = folder();
  const first = await open(t, { memory_path });
  const large = { text: 'word '.repeat(400_000) };
  await new FluoriteStore(first).put(['n'], 'large', large);
  await first.shutdown();
  const store = new FluoriteStore(await open(t, { memory_path }));
  assert.deepEqual((await store.get(['n'], 'large')).value, large);
  assert.deepEqual(await store.listNamespaces(), [['n']]);
});

test('examples/langgraph runs as it stands', () => {
  const ran = spawnSync(process.execPath, [join(root, 'examples', 'langgraph', 'memory.mjs')], { encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(ran.stdout, 'recalled: Ann prefers green tea over coffee\nnamespaces: memories/ann, memories/bob\n');
});

test('the type test compiles under strict settings', () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', join(root, '__test__', 'types', 'langgraph')], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
