// The NestJS module: how it is set up, what it gives, that a feature stays in its namespace, how it closes.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Test } from '@nestjs/testing';
import { TerminusModule, HealthCheckService } from '@nestjs/terminus';

import { FluoriteBridge } from '../index.mjs';
import { FLUORITE_OPTIONS, FluoriteHealthIndicator, FluoriteHttpModule, FluoriteModule, FluoriteNamespace, FluoriteService, getFluoriteToken } from '../nestjs/index.js';
import { hashEmbedding, openTestStore } from '../testing/index.js';
import { endedWith, entry, folder, node, rejects, root } from './helpers.mjs';
import { injectable, module, start } from './nest-helpers.mjs';

const config = (at = folder()) => ({ memory_path: at, enable_ml: false });

test('forRoot gives an open store under the class token', async (t) => {
  const at = folder();
  const app = await start(t, [FluoriteModule.forRoot({ memoryPath: at, enableMl: false })]);
  const service = app.get(FluoriteService);
  assert.ok(service instanceof FluoriteBridge && service.ready);
  await service.storeChunk({ id: 'a', content: 'kept' });
  await app.close();
  await rejects(service.getChunk('a'), 'CLOSED');
  const again = await FluoriteBridge.open(config(at));
  t.after(() => again.shutdown());
  assert.equal((await again.getChunk('a')).content, 'kept');
});

test('forRootAsync: useFactory with what it injects, useClass, useExisting', async (t) => {
  const SETTINGS = Symbol('settings');
  const paths = { factory: folder(), class: folder(), existing: folder() };
  const settings = module({ providers: [{ provide: SETTINGS, useValue: paths }], exports: [SETTINGS] });
  const maker = (which) =>
    injectable(class { constructor(given) { this.given = given; } async createFluoriteOptions() { return config(this.given[which]); } }, SETTINGS);
  const Existing = maker('existing');
  const existing = module({ imports: [settings], providers: [Existing], exports: [Existing] });
  const ways = {
    factory: { imports: [settings], inject: [SETTINGS], useFactory: async (given) => config(given.factory) },
    class: { imports: [settings], useClass: maker('class') },
    existing: { imports: [existing], useExisting: Existing },
  };
  for (const [way, options] of Object.entries(ways)) {
    const app = await start(t, [FluoriteModule.forRootAsync(options)]);
    await app.get(FluoriteService).storeChunk({ content: way });
    await app.close();
    const store = await FluoriteBridge.open(config(paths[way]));
    assert.equal((await store.getStats()).chunks, 1, way);
    await store.shutdown();
  }
});

test('the configuration of a whole application can be overridden for a test', async (t) => {
  const at = folder();
  const root = FluoriteModule.forRoot({ memory_path: '/nowhere/that/could/be/made\0' });
  const testing = await Test.createTestingModule({ imports: [root] }).overrideProvider(FLUORITE_OPTIONS).useValue(config(at)).compile();
  t.after(() => testing.close());
  assert.ok(testing.get(FluoriteService).ready);
});

test('an application does not start with a wrong configuration', async (t) => {
  await rejects(start(t, [FluoriteModule.forRoot({ memory_pth: folder() })]), 'INVALID_CONFIG', /memory_path/);
});

test('isGlobal: only then is the service found without an import; features are found either way', async (t) => {
  const User = () => injectable(class { constructor(service) { this.service = service; } }, FluoriteService);
  const Feature = injectable(class { constructor(notes) { this.notes = notes; } }, getFluoriteToken('notes'));
  const featured = module({ imports: [FluoriteModule.forFeature([{ name: 'notes' }])], providers: [Feature] });
  for (const isGlobal of [true, false]) {
    for (const root of [FluoriteModule.forRoot({ ...config(), isGlobal }), FluoriteModule.forRootAsync({ useFactory: () => config(), isGlobal })]) {
      const Elsewhere = User();
      const elsewhere = module({ providers: [Elsewhere] });
      const starting = start(t, [root, elsewhere, featured]);
      if (isGlobal) assert.ok((await starting).get(Elsewhere, { strict: false }).service.ready);
      else await assert.rejects(starting, /can't resolve dependencies.*FluoriteService/s);
    }
  }
  const app = await start(t, [FluoriteModule.forRoot(config()), featured]);
  assert.ok(app.get(Feature, { strict: false }).notes instanceof FluoriteNamespace);
});

test('a feature without a root says what is missing', async (t) => {
  await assert.rejects(start(t, [FluoriteModule.forFeature([{ name: 'notes' }])]), /FluoriteModule\.forRoot/);
});

test('two roots in one application are refused; the same one imported twice is one', async (t) => {
  await rejects(start(t, [FluoriteModule.forTesting(), FluoriteModule.forRoot(config())]), 'ALREADY_INITIALIZED', /imported twice/);
  const one = FluoriteModule.forTesting();
  await start(t, [one, module({ imports: [one] })]);
});

/** What a handle must not see or touch: the same ids and words in another namespace. */
async function twoFeatures(t) {
  const app = await start(t, [FluoriteModule.forTesting(), FluoriteModule.forFeature([{ name: 'a', namespace: 'ns-a' }, { name: 'b', namespace: 'ns-b' }])]);
  const handles = { a: app.get(getFluoriteToken('a')), b: app.get(getFluoriteToken('b')), whole: app.get(getFluoriteToken()) };
  for (const name of ['a', 'b']) {
    const made = (i) => ({ id: `c${i}`, content: `shared words of ${name} number ${i}`, tags: [name], embedding: hashEmbedding(`shared ${name} ${i}`) });
    assert.equal(await handles[name].storeChunk(made(0)), 'c0');
    assert.equal((await handles[name].storeChunks([made(1), { ...made(2), namespace: `ns-${name}` }])).stored, 2);
    await handles[name].storeChunks((async function* () { yield made(3); })());
  }
  return handles;
}

test('every method of a feature stays in its namespace', async (t) => {
  const { a, b, whole } = await twoFeatures(t);
  const mine = (chunks) => {
    assert.ok(chunks.length > 0);
    for (const chunk of chunks) assert.equal(chunk.namespace, 'ns-a', JSON.stringify(chunk));
  };
  assert.equal(await whole.getChunk('c0'), null, 'nothing went to the default namespace');
  mine([await a.getChunk('c0')]);
  mine(await a.getChunks(['c0', 'c3']));
  assert.match(String(await a.getContentBuffer('c1')), /of a/);
  mine(await a.history('c0'));
  mine(await all(a.listChunks()));
  mine(await all(a.listChunks({ filter: { tags: { any: ['a', 'b'] } }, after: 'c0', order: 'id' })));
  mine(await a.searchSimilar('shared words'));
  mine(await a.searchSimilar('shared words', 100));
  mine(await a.searchSimilar('shared words', { filter: { tags: { any: ['a', 'b'] } } }));
  mine(await a.searchSimilar(hashEmbedding('shared b 1'), { exact: true }));
  mine((await a.searchMany(['shared', hashEmbedding('shared b 2')])).flat());
  mine((await a.searchMany(['shared'], 100)).flat());
  mine(await a.findRelated('c0'));
  mine(await a.findRelated('c0', { mode: 'lexical' }));
  mine((await a.buildContext('shared words', { budget_tokens: 500 })).chunks);
  assert.equal((await a.searchSimilar('shared words', 100)).length, 4);
  assert.deepEqual(await a.searchSimilar('words b', { filter: { tags: { any: ['b'] } } }), []);

  assert.equal(await a.deleteChunk('c0'), true);
  assert.equal(await a.deleteWhere({ tags: { any: ['a', 'b'] } }), 3);
  assert.equal((await all(b.listChunks())).length, 4, 'the other namespace is whole');
  assert.equal(await b.deleteWhere({}, { all: true }), 4);
  assert.equal((await whole.getStats()).chunks, 0);
});

for (const moduleIdGeneratorAlgorithm of ['reference', 'deep-hash']) test(`modules that call different namespaces the same name get their own (${moduleIdGeneratorAlgorithm})`, async (t) => {
  const user = (namespace) => {
    const User = injectable(class { constructor(notes) { this.notes = notes; } }, getFluoriteToken('notes'));
    return [User, module({ imports: [FluoriteModule.forFeature([{ name: 'notes', namespace }])], providers: [User] })];
  };
  const [[A, a], [B, b]] = [user('x'), user('y')];
  const app = await start(t, [FluoriteModule.forTesting(), a, b], { options: { moduleIdGeneratorAlgorithm } });
  assert.deepEqual([A, B].map((type) => app.get(type, { strict: false }).notes.namespace), ['x', 'y']);
});

test('a feature refuses another namespace, and an empty delete', async (t) => {
  const { a, whole } = await twoFeatures(t);
  const other = { namespace: 'ns-b' };
  const refused = {
    storeChunk: () => a.storeChunk({ content: 'x', ...other }),
    storeChunks: () => a.storeChunks([{ content: 'x' }, { content: 'x', ...other }]),
    stream: () => a.storeChunks((async function* () { yield { content: 'x', ...other }; })()),
    getChunk: () => a.getChunk('c0', other),
    getChunks: () => a.getChunks(['c0'], other),
    getContentBuffer: () => a.getContentBuffer('c0', other),
    deleteChunk: () => a.deleteChunk('c0', other),
    history: () => a.history('c0', other),
    deleteWhere: () => a.deleteWhere({ ...other, tags: { any: ['b'] } }),
    searchSimilar: () => a.searchSimilar('shared', { filter: other }),
    listed: () => a.searchSimilar('shared', { filter: { namespace: ['ns-a', 'ns-b'] } }),
    searchMany: () => a.searchMany(['shared'], { filter: other }),
    findRelated: () => a.findRelated('c0', other),
    related: () => a.findRelated('c0', { filter: other }),
    buildContext: () => a.buildContext('shared', { budget_tokens: 100, filter: other }),
    listChunks: () => all(a.listChunks({ filter: other })),
    addFeedback: () => a.addFeedback([{ chunk_id: 'c0', kind: 'usage' }, { chunk_id: 'c0', kind: 'usage', ...other }]),
    learnFromSpikes: () => a.learnFromSpikes({ path: folder(), ...other }),
    learnFromFiles: () => a.learnFromFiles([folder()], other),
    suggestFrameworks: () => a.suggestFrameworks(['react'], other),
    getIntegrationPatterns: () => a.getIntegrationPatterns('react', 'vue', other),
    renderSpike: () => a.renderSpike('c0', {}, other),
  };
  for (const [name, call] of Object.entries(refused)) await rejects(call(), 'INVALID_ARGUMENT', /confined to the namespace "ns-a"/).catch((e) => assert.fail(`${name}: ${e.message}`));
  for (const filter of [{}, { namespace: 'ns-a' }, { tags: {} }, { tags: { any: [] } }, { language: [], source: undefined }, { metadata: {} }]) {
    await rejects(a.deleteWhere(filter), 'INVALID_ARGUMENT', /all: true/);
  }
  assert.equal((await whole.getStats()).chunks, 8, 'nothing was stored or deleted');
  let reads = 0;
  const changing = { content: 'x', get namespace() { return reads++ === 0 ? 'ns-a' : 'ns-b'; } };
  const id = await a.storeChunk(changing);
  assert.equal((await a.getChunk(id)).namespace, 'ns-a', 'what was checked is what was stored');
  await rejects(a.searchSimilar('x', new Proxy({}, { ownKeys() { throw new Error('trap'); } })), 'INVALID_ARGUMENT', /trap/);
  for (const hostile of [undefined, null, 7, 'x', [], () => 1]) {
    await rejects(a.storeChunk(hostile), 'INVALID_ARGUMENT');
    await rejects(a.storeChunks(hostile === undefined || Array.isArray(hostile) ? 7 : hostile), 'INVALID_ARGUMENT');
  }
});

test('feedback of a feature is about its own chunks', async (t) => {
  const { a, b } = await twoFeatures(t);
  await a.addFeedback({ chunkId: 'c0', kind: 'correction', correction: 'corrected words' });
  await a.addFeedback([{ chunk_id: 'c1', kind: 'rating', rating: 1, query: 'shared words' }]);
  assert.equal((await a.getChunk('c0')).content, 'corrected words');
  assert.match((await b.getChunk('c0')).content, /of b/);
  await b.deleteChunk('c1');
  await rejects(b.addFeedback({ chunk_id: 'c1', kind: 'usage' }), 'NOT_FOUND');
});

test('events of a feature are those of its namespace', async (t) => {
  const { a, b } = await twoFeatures(t);
  const events = a.events({ types: ['ChunkStored', 'ChunkDeleted'] });
  await b.storeChunk({ id: 'of b', content: 'x' });
  await a.storeChunk({ id: 'of a', content: 'x' });
  await a.deleteChunk('c0');
  const seen = [(await events.next()).value, (await events.next()).value];
  assert.deepEqual(seen.map((e) => [e.type, e.namespace, e.id]), [['ChunkStored', 'ns-a', 'of a'], ['ChunkDeleted', 'ns-a', 'c0']]);
  await events.return();
  await rejects(a.events({ namespace: 'ns-b' }).next(), 'INVALID_ARGUMENT', /confined/);
});

test('a feature learns spikes into its namespace', async (t) => {
  const { a, whole } = await twoFeatures(t);
  const report = await a.learnFromSpikes({ path: join(root, 'examples', 'spikes'), include_generated: true });
  const before = (await whole.getStats()).chunks;
  assert.ok(report.stored > 0);
  assert.equal((await all(a.listChunks())).length, report.stored + 4);
  assert.equal(before, report.stored + 8);
});

test('a handle has every method of the bridge but those of the whole store', () => {
  // A method that a later release gives the bridge fails here until it is decided whether a namespace has it.
  const whole = ['initialize', 'getStats', 'getMetrics', 'health', 'verify', 'optimize', 'snapshot', 'rotateKey', 'shutdown', 'on', 'once', 'off', 'trainIncremental', 'getLearningStats'];
  const names = (type) => Object.getOwnPropertyNames(type.prototype).filter((n) => typeof Object.getOwnPropertyDescriptor(type.prototype, n).value === 'function' && n !== 'constructor');
  const missing = names(FluoriteBridge).filter((n) => !names(FluoriteNamespace).includes(n) && !whole.includes(n));
  assert.deepEqual(missing, []);
});

test('health: up while it works, down with the code once it is closed', async (t) => {
  const app = await start(t, [TerminusModule, FluoriteModule.forTesting()]);
  const indicator = app.get(FluoriteHealthIndicator);
  const health = app.get(HealthCheckService, { strict: false });
  const up = await health.check([() => indicator.isHealthy('memory')]);
  assert.deepEqual(up.details, { memory: { status: 'up', engine: 'ok', storage: 'ok', index: 'ok', embedder: 'ok', history: 'ok' } });
  await app.get(FluoriteService).shutdown();
  assert.deepEqual(await indicator.isHealthy(), { fluorite: { status: 'down', code: 'CLOSED' } });
  await assert.rejects(health.check([() => indicator.isHealthy('memory')]), (e) => {
    assert.equal(e.getStatus(), 503);
    assert.deepEqual(e.getResponse().error, { memory: { status: 'down', code: 'CLOSED' } });
    return true;
  });
});

test('health without TerminusModule in the application', async (t) => {
  const app = await start(t, [FluoriteModule.forTesting()]);
  assert.equal((await app.get(FluoriteHealthIndicator).isHealthy()).fluorite.status, 'up');
});

test('providers may use the store while the application closes', async (t) => {
  const at = folder();
  const Late = injectable(class {
    constructor(service) { this.service = service; }
    async onModuleDestroy() { await this.service.storeChunk({ id: 'destroy', content: 'x' }); }
    async beforeApplicationShutdown() { await this.service.storeChunk({ id: 'before', content: 'x' }); }
    async onApplicationShutdown() { await this.service.storeChunk({ id: 'shutdown', content: 'x' }); }
  }, FluoriteService);
  const late = module({ imports: [FluoriteModule.forRoot(config(at))], providers: [Late] });
  const app = await start(t, [late]);
  await app.close();
  const again = await FluoriteBridge.open(config(at));
  t.after(() => again.shutdown());
  assert.deepEqual((await again.getChunks(['destroy', 'before', 'shutdown'])).map((c) => c?.id), ['destroy', 'before', 'shutdown']);
});

test('forTesting: a store of its own, gone with the application; its configuration and handles can be changed', async (t) => {
  const first = await start(t, [FluoriteModule.forTesting()]);
  const second = await start(t, [FluoriteModule.forTesting({ memory: { max_chunk_size: 10 } })]);
  await first.get(FluoriteService).storeChunk({ content: 'longer than ten bytes' });
  await rejects(second.get(FluoriteService).storeChunk({ content: 'longer than ten bytes' }), 'CHUNK_TOO_LARGE');
  assert.equal((await second.get(FluoriteService).getStats()).chunks, 0);
});

test('testing: a store in a folder that goes with it; vectors that depend on the text alone', async () => {
  const store = await openTestStore();
  assert.ok(existsSync(store.path));
  const texts = ['parse a JSON file', 'parsing of JSON files', 'water the roses'];
  await store.bridge.storeChunks(texts.map((content, i) => ({ id: `${i}`, content, embedding: hashEmbedding(content) })));
  const hits = await store.bridge.searchSimilar(hashEmbedding('JSON file parser'), { fields: [] });
  assert.deepEqual(hits.map((h) => h.id).slice(0, 2).sort(), ['0', '1']);
  assert.deepEqual(hashEmbedding('a b'), hashEmbedding('A, b!'));
  for (const text of ['', '!!', 'x', '日本語の文', 'a '.repeat(10_000)]) assert.ok(Math.abs(Math.hypot(...hashEmbedding(text)) - 1) < 1e-4, text.slice(0, 10));
  assert.equal(hashEmbedding('x', 7).length, 7);
  assert.throws(() => hashEmbedding('x', 0), RangeError);
  await store.close();
  await store.close();
  assert.ok(!existsSync(store.path));
  await rejects(openTestStore({ nonsense: 1 }), 'INVALID_CONFIG');
  for (const config of [null, 1, 'x', [], () => undefined]) await rejects(openTestStore(config), 'INVALID_ARGUMENT', /must be an object/);
  await rejects(openTestStore({ read_only: true }), 'INVALID_CONFIG', /open a reader on its path/);
  await rejects(openTestStore({ memoryPath: store.path }), 'INVALID_CONFIG', /folder of its own/);
});

test('the module says what it takes', () => {
  const refused = (call, message) => assert.throws(call, (e) => e.name === 'FluoriteError' && message.test(e.message), message);
  for (const wrong of [null, 1, 'x']) {
    refused(() => FluoriteModule.forRoot(wrong), /forRoot takes the configuration/);
    refused(() => FluoriteModule.forRootAsync(wrong), /useFactory/);
    refused(() => FluoriteModule.forFeature(wrong), /a list/);
    refused(() => FluoriteModule.forTesting(wrong), /must be an object/);
    refused(() => FluoriteHttpModule.register(wrong), /guards/);
  }
  refused(() => FluoriteModule.forTesting({ read_only: true }), /open a reader on its path/);
});

test('a folder of forTesting is deleted at the close, and one that was left at the exit', async () => {
  const tmp = folder();
  const done = await node(`
    import { readdirSync } from 'node:fs';
    import { createRequire } from 'node:module';
    process.env.TMPDIR = process.env.TEMP = process.env.TMP = ${JSON.stringify(tmp)};
    const require = createRequire(${JSON.stringify(entry)});
    require('reflect-metadata');
    const { NestFactory } = require('@nestjs/core');
    const { FluoriteModule, FluoriteService } = require('fluorite-bridge/nestjs');
    const show = () => console.log(readdirSync(${JSON.stringify(tmp)}).filter((n) => n.startsWith('fluorite-test-')).length);
    const app = await NestFactory.createApplicationContext(FluoriteModule.forTesting(), { logger: false });
    await app.get(FluoriteService).storeChunk({ content: 'x' });
    show();
    await app.close();
    show();
    await require('fluorite-bridge/testing').openTestStore();
    show();
    process.exit(0);`);
  endedWith(done, 0);
  assert.equal(done.stdout.trim().split('\n').join(), '1,0,1');
  assert.deepEqual(readdirSync(tmp), []);
});

test('without terminus, swagger and class-validator the module loads and works; what needs them says so', async () => {
  const source = `
    import Module, { createRequire } from 'node:module';
    const load = Module._load;
    Module._load = function (name, ...rest) {
      if (/^(@nestjs\\/(terminus|swagger|mapped-types)|class-validator|class-transformer)/.test(name)) {
        throw Object.assign(new Error("Cannot find module '" + name + "'"), { code: 'MODULE_NOT_FOUND' });
      }
      return load.call(this, name, ...rest);
    };
    const require = createRequire(${JSON.stringify(entry)});
    require('reflect-metadata');
    const { NestFactory } = require('@nestjs/core');
    const { FluoriteModule, FluoriteService, FluoriteHttpModule, FluoriteHealthIndicator } = require('fluorite-bridge/nestjs');
    const app = await NestFactory.createApplicationContext(FluoriteModule.forTesting(), { logger: false });
    await app.get(FluoriteService).storeChunk({ id: 'a', content: 'x' });
    const said = (e) => console.log(e.message);
    await app.get(FluoriteHealthIndicator).isHealthy().catch(said);
    try { FluoriteHttpModule.register(); } catch (e) { said(e); }
    await app.close();`;
  const done = await node(source);
  endedWith(done, 0);
  assert.match(done.stdout, /isHealthy.*npm install @nestjs\/terminus/s);
  assert.match(done.stdout, /FluoriteHttpModule.*npm install class-validator/s);
});

async function all(source) {
  const out = [];
  for await (const item of source) out.push(item);
  return out;
}
