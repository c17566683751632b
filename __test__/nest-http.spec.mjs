// The routes: each status from the right code, what bodies may be, who may call, how in-flight requests end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as connect } from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { UnauthorizedException, ValidationPipe } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { lastValueFrom } from 'rxjs';
import request from 'supertest';

import { FluoriteBridge, FluoriteError } from '../index.mjs';
import { FluoriteExceptionFilter, FluoriteHttpModule, FluoriteModule, FluoriteService } from '../nestjs/index.js';
import { hashEmbedding } from '../testing/index.js';
import { entry, folder, root } from './helpers.mjs';
import { controller, injectable, module, served, start } from './nest-helpers.mjs';

/** A test that would wait for ever if what it tests were broken. */
const HANGS = { timeout: 60_000 };

/** Asserts an answer is a problem with this status and code, and says nothing of the machine. */
function problem(answer, status, code) {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  assert.equal(answer.body.code, code);
  assert.equal(answer.body.status, status);
  assert.equal(answer.body.type, 'about:blank');
  assert.ok(answer.body.title && answer.body.detail);
  assert.doesNotMatch(JSON.stringify(answer.body), /"\/|\/tmp|stack|node_modules|\d{4,}\b.*pid/i);
  return answer.body;
}

test('store, get, search, context, feedback, stats, delete', async (t) => {
  const { http } = await served(t);
  const chunk = { id: 'bff', content: 'BFF with Next.js and Hono', tags: ['web'], quality_score: 0.9, metadata: { lines: 3 }, chunk_type: 'pattern' };
  assert.deepEqual((await http.post('/api/memory').send(chunk).expect(201)).body, { id: 'bff' });
  assert.match((await http.post('/api/memory').send({ content: 'water the roses' }).expect(201)).body.id, /^[0-9a-f-]{36}$/);
  const got = (await http.get('/api/memory/bff').expect(200)).body;
  for (const [key, value] of Object.entries(chunk)) assert.deepEqual(got[key], value, key);
  const { hits } = (await http.post('/api/memory/search').send({ query: 'hono bff', limit: 1, filter: { tags: { any: ['web'] } } }).expect(200)).body;
  assert.deepEqual(hits.map((h) => h.id), ['bff']);
  assert.ok(hits[0].score > 0);
  const every = { query: 'hono', limit: 5, offset: 0, mode: 'lexical', filter: { min_quality: 0.5, created_after: '2020-01-01T00:00:00Z', metadata: { lines: 3 } }, min_score: 0,
    rerank: true, learned: false, domain: 'web', explain: true, exact: false, recall_target: 0.9, budget_tokens: 1_000, fields: ['content', 'tags'] };
  const [told] = (await http.post('/api/memory/search').send(every).expect(200)).body.hits;
  assert.ok(told.explain && told.content && !told.metadata);
  const bare = (await http.post('/api/memory/search').send({ query: 'hono', fields: [] }).expect(200)).body.hits;
  assert.deepEqual(Object.keys(bare[0]).sort(), ['id', 'score']);
  const context = (await http.post('/api/memory/context').send({ query: 'hono', budget_tokens: 200 }).expect(200)).body;
  assert.ok(context.text.includes('Hono') && context.tokens <= 200);
  assert.equal((await http.get('/api/memory/stats').expect(200)).body.chunks, 2);
  const learned = (await http.get('/api/memory/learning/stats').expect(200)).body;
  assert.deepEqual([learned.chunks.total, learned.chunks.patterns, learned.runs, learned.feedback.events], [2, 1, [], 0]);
  const { chunks } = (await http.post('/api/memory/get').send({ ids: ['bff', 'none'] }).expect(200)).body;
  assert.deepEqual(chunks.map((c) => c?.id ?? null), ['bff', null]);
  await http.post('/api/memory/feedback').send({ chunk_id: 'bff', kind: 'correction', correction: 'BFF with Hono alone' }).expect(204);
  assert.equal((await http.get('/api/memory/bff')).body.content, 'BFF with Hono alone');
  problem(await http.post('/api/memory/feedback').send({ chunk_id: 'none', kind: 'usage' }), 404, 'NOT_FOUND');
  await http.delete('/api/memory/bff').expect(204);
  problem(await http.delete('/api/memory/bff'), 404, 'NOT_FOUND');
});

test('vectors and batches', async (t) => {
  const { http } = await served(t);
  const chunks = ['parse JSON files', 'water the roses'].map((content, i) => ({ id: `${i}`, content, embedding: [...hashEmbedding(content)] }));
  const done = (await http.post('/api/memory/batch').send({ chunks, atomic: true }).expect(201)).body;
  assert.deepEqual(done, { ids: ['0', '1'], stored: 2, failed: [] });
  const { hits } = (await http.post('/api/memory/search').send({ vector: [...hashEmbedding('JSON')], fields: [] }).expect(200)).body;
  assert.equal(hits[0].id, '0');
  problem(await http.post('/api/memory/search').send({ vector: [1, 2, 3] }), 400, 'DIMENSION_MISMATCH');
  problem(await http.post('/api/memory/search').send({ vector: [1], query: 'x' }), 400, 'INVALID_ARGUMENT');
  problem(await http.post('/api/memory/search').send({}), 400, 'INVALID_ARGUMENT');
  const some = await http.post('/api/memory/batch').send({ chunks: [{ content: 'x' }, { id: '', content: 'y' }], on_error: 'collect' }).expect(201);
  assert.deepEqual([some.body.stored, some.body.failed[0].code], [1, 'INVALID_ID']);
});

test('a fixed path wins over an id; such an id is still read by POST get', async (t) => {
  const { http } = await served(t);
  for (const id of ['stats', 'search', 'a/b?c', '語']) await http.post('/api/memory').send({ id, content: `the chunk ${id}` }).expect(201);
  const stats = (await http.get('/api/memory/stats').expect(200)).body;
  assert.equal(stats.chunks, 4);
  assert.equal(stats.content, undefined);
  assert.equal((await http.post('/api/memory/get').send({ ids: ['stats'] })).body.chunks[0].content, 'the chunk stats');
  for (const id of ['a/b?c', '語']) assert.equal((await http.get(`/api/memory/${encodeURIComponent(id)}`).expect(200)).body.id, id);
});

test('namespaces: by request, or one for all routes of a registration', async (t) => {
  const app = await start(t, [FluoriteModule.forTesting(), FluoriteHttpModule.register(), FluoriteHttpModule.register({ path: 'tenant', namespace: 'tenant' })]);
  const http = request(app.getHttpServer());
  await http.post('/api/memory').send({ id: 'x', content: 'open words', namespace: 'other' }).expect(201);
  await http.post('/tenant').send({ id: 'x', content: 'tenant words' }).expect(201);
  problem(await http.get('/api/memory/x'), 404, 'NOT_FOUND');
  assert.equal((await http.get('/api/memory/x?namespace=other').expect(200)).body.content, 'open words');
  assert.equal((await http.get('/tenant/x').expect(200)).body.namespace, 'tenant');
  problem(await http.get('/tenant/x?namespace=other'), 400, 'INVALID_ARGUMENT');
  problem(await http.post('/tenant').send({ content: 'x', namespace: 'other' }), 400, 'INVALID_ARGUMENT');
  problem(await http.post('/tenant/search').send({ query: 'words', filter: { namespace: 'other' } }), 400, 'INVALID_ARGUMENT');
  const other = { namespace: 'other' };
  const refused = [
    http.get('/tenant/x?namespace=other'), http.get('/tenant/events?namespace=other'), http.delete('/tenant/x?namespace=other'), http.post('/tenant').send({ content: 'x', ...other }),
    http.post('/tenant/batch').send({ chunks: [{ content: 'x', ...other }] }), http.post('/tenant/get').send({ ids: ['x'], ...other }),
    http.post('/tenant/search').send({ query: 'x', filter: other }), http.post('/tenant/context').send({ query: 'x', budget_tokens: 9, filter: other }),
    http.post('/tenant/feedback').send({ chunk_id: 'x', kind: 'usage', ...other }),
  ];
  for (const answer of refused) {
    const { detail } = problem(await answer, 400, 'INVALID_ARGUMENT');
    assert.match(detail, /confined to another namespace: leave namespace out$/);
    assert.doesNotMatch(detail, /tenant|FluoriteService|handle/, 'a client is not told where it is confined');
  }
  const { hits } = (await http.post('/tenant/search').send({ query: 'words' })).body;
  assert.deepEqual(hits.map((h) => h.namespace), ['tenant']);
  problem(await http.get('/tenant/stats'), 404, 'NOT_FOUND');
  assert.equal((await http.get('/tenant/learning/stats')).status, 404, 'confined routes say nothing of the store as a whole');
  assert.equal((await http.post('/api/memory/search').send({ query: 'words' })).body.hits.length, 2);
});

test('400: bodies, ids and options that are wrong', async (t) => {
  const { app, http } = await served(t, {}, { config: { enable_ml: false } });
  const post = (path, body) => http.post(`/api/memory${path}`).set('content-type', 'application/json').send(typeof body === 'string' ? body : JSON.stringify(body));
  const deep = `{"content":"x","filter":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const refused = [
    ['', '[]'], ['', '[{"content":"x"}]'], ['', '{}'], ['', { content: 7 }], ['', { content: ['x'] }], ['', { content: null }], ['', { content: { $ne: 1 } }],
    ['', { content: 'x', id: {} }], ['', { content: 'x', id: '' }], ['', { content: 'x', id: 'x'.repeat(1025) }], ['', '{"content":"x","id":"\\ud800"}'],
    ['', { content: 'x', contnet: 'y' }], ['', { content: 'x', memoryType: 'semantic' }], ['', { content: 'x', quality_score: 2 }],
    ['', { content: 'x', quality_score: 'high' }], ['', { content: 'x', tags: 'a' }], ['', { content: 'x', tags: [1] }], ['', { content: 'x', tags: { 0: 'a' } }],
    ['', { content: 'x', tags: Array.from({ length: 1001 }, () => 'a') }], ['', { content: 'x', chunk_type: 'constructor' }], ['', { content: 'x', metadata: [] }],
    ['', { content: 'x', metadata: 'x' }], ['', { content: 'x', ttl_seconds: -1 }], ['', '{"content":"x","ttl_seconds":1e999}'], ['', { content: 'x', pinned: 'yes' }],
    ['', { content: 'x', embedding: [] }], ['', { content: 'x', embedding: ['1'] }], ['', '{"content":"x","embedding":[1e999]}'], ['', { content: 'x', embedding: [0, 0] }],
    ['', '{"content":"x","__proto__":{"polluted":true}}'], ['', '{"content":"x","constructor":{"prototype":{"polluted":true}}}'], ['', { content: 'x', toString: 1 }],
    ['', deep],
    ['/search', { query: 7 }], ['/search', { query: 'x', limit: 0 }], ['/search', { query: 'x', limit: 1001 }], ['/search', { query: 'x', limit: 1.5 }],
    ['/search', { query: 'x', limit: '10' }], ['/search', { query: 'x', filter: [] }], ['/search', { query: 'x', filter: 'ns' }], ['/search', { query: 'x', filter: { tags: ['a'] } }],
    ['/search', { query: 'x', filter: { tags: { some: ['a'] } } }], ['/search', { query: 'x', filter: { metadata: { a: { b: 1 } } } }], ['/search', { query: 'x', signal: {} }],
    ['/search', { query: 'x', filter: { created_after: 'yesterday' } }], ['/search', { query: 'x', fields: ['passwords'] }], ['/search', { query: 'x', mode: 'vector' }],
    ['/search', '{"query":"x","filter":{"__proto__":{"any":["a"]}}}'],
    ['/context', { query: 'x' }], ['/context', { query: 'x', budget_tokens: 0 }], ['/feedback', { chunk_id: 'x' }], ['/feedback', { chunk_id: 'x', kind: 'praise' }], ['/feedback', { chunk_id: 'x', kind: 'rating' }],
    ['/feedback', { chunk_id: 'x', kind: 'rating', rating: 2 }], ['/feedback', { chunk_id: [], kind: 'usage' }], ['/get', { ids: 'x' }], ['/get', { ids: [{}] }],
    ['/batch', { chunks: {} }], ['/batch', { chunks: [null] }], ['/batch', { chunks: [{ content: 'x' }, { content: 'x', nope: 1 }] }], ['/batch', { chunks: [[]] }],
  ];
  for (const [path, body] of refused) {
    const shown = `${path} ${typeof body === 'string' ? body.slice(0, 80) : JSON.stringify(body).slice(0, 80)}`;
    const answer = await post(path, body);
    assert.equal(answer.status, 400, `${shown}: ${answer.status} ${JSON.stringify(answer.body)}`);
    assert.ok(['INVALID_ARGUMENT', 'INVALID_ID'].includes(answer.body.code), `${shown}: ${JSON.stringify(answer.body)}`);
    assert.ok(JSON.stringify(answer.body).length < 5_000, `${shown}: a long answer`);
    problem(answer, 400, answer.body.code);
  }
  const broken = await post('', '{"content":');
  assert.deepEqual([broken.status, broken.body.statusCode], [400, 400], 'broken JSON is refused by the parser, in Nest\'s words');
  assert.equal((await http.post('/api/memory').set('content-type', 'text/plain').send('content')).status, 400);
  const listed = problem(await post('/search', { query: 'x', limit: 0, filter: { tags: { any: 'a' } } }), 400, 'INVALID_ARGUMENT');
  assert.deepEqual(listed.errors.map((e) => e.field).sort(), ['filter.tags.any', 'limit']);
  const told = { limit: '5', min_score: '5', ef: [1], fields: 'id', vector: 'x' };
  for (const [field, value] of Object.entries(told)) {
    const { detail } = problem(await post('/search', { query: 'x', [field]: value }), 400, 'INVALID_ARGUMENT');
    assert.match(detail, /must be an? (integer )?(number|array)/, 'its type before its bounds');
  }
  const far = Array.from({ length: 500 }, (_, i) => ({ content: i === 499 ? 7 : 'x' }));
  assert.deepEqual((await post('/batch', { chunks: far })).body.errors.map((e) => e.field), ['chunks.499.content']);
  const many = problem(await post('/batch', { chunks: Array.from({ length: 1_000 }, () => ({ nope: 1 })) }), 400, 'INVALID_ARGUMENT');
  assert.ok(many.errors.length <= 20);
  problem(await post('/batch', { chunks: Array.from({ length: 1_001 }, () => ({ content: 'x' })) }), 400, 'INVALID_ARGUMENT');
  const long = problem(await post('/search', { query: 'x', filter: { metadata: { ['/"'.repeat(20_000)]: [] } } }), 400, 'INVALID_ARGUMENT');
  assert.ok(long.detail.length < 2_000);
  for (const query of ['namespace=a&namespace=b', 'namespace[a]=b', 'other=1']) problem(await http.get(`/api/memory/x?${query}`), 400, 'INVALID_ARGUMENT');
  problem(await http.get(`/api/memory/${'x'.repeat(1025)}`), 400, 'INVALID_ID');
  await http.get('/api/memory/%E0%A4%A').expect(400);
  assert.equal((await app.get(FluoriteService).getStats()).chunks, 0, 'nothing was stored');
  assert.equal({}.polluted, undefined);
});

test('metadata may be deep: it answers, and never with a 500', async (t) => {
  const { http } = await served(t);
  for (const depth of [10, 100, 1_000, 40_000]) {
    const answer = await http.post('/api/memory').set('content-type', 'application/json').send(`{"content":"x","metadata":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`);
    assert.ok([201, 400].includes(answer.status), `${depth}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
});

test("an application's own ValidationPipe neither strips nor answers for these routes", async (t) => {
  const { http } = await served(t, {}, { config: { enable_ml: false }, set: (app) => app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true, forbidNonWhitelisted: true })) });
  const metadata = { a: { b: [1, { c: null }] } };
  await http.post('/api/memory').send({ id: 'm', content: 'x', metadata, embedding: [1, 0] }).expect(201);
  assert.deepEqual((await http.get('/api/memory/m')).body.metadata, metadata);
  problem(await http.post('/api/memory').send({ content: 7 }), 400, 'INVALID_ARGUMENT');
});

test('413: a chunk above max_chunk_size, and a body above the parser\'s limit', async (t) => {
  const set = (app) => app.useBodyParser('json', { limit: 4_000 });
  const { http } = await served(t, {}, { config: { memory: { max_chunk_size: 1_000 } }, set });
  await http.post('/api/memory').send({ content: 'x'.repeat(1_000) }).expect(201);
  problem(await http.post('/api/memory').send({ content: 'x'.repeat(1_001) }), 413, 'CHUNK_TOO_LARGE');
  await http.post('/api/memory').send({ content: 'x'.repeat(4_001) }).expect(413);
});

test('409: opened twice, and a store another process has', async (t) => {
  const at = folder();
  const other = spawn(process.execPath, ['--input-type=module', '-e', `
    import { FluoriteBridge } from ${JSON.stringify(entry)};
    const bridge = await FluoriteBridge.open({ memory_path: ${JSON.stringify(at)}, enable_ml: false });
    console.log('open');
    process.stdin.on('end', () => bridge.shutdown()).resume();`], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => other.stdin.end());
  await once(other.stdout, 'data');
  const routes = controller([FluoriteService], {
    'POST /again': (service) => service.initialize({ memory_path: at, enable_ml: false }),
    'POST /locked': () => FluoriteBridge.open({ memory_path: at, enable_ml: false }),
  });
  const app = await start(t, [FluoriteModule.forTesting()], { controllers: [routes], set: (app) => app.useGlobalFilters(new FluoriteExceptionFilter()) });
  const http = request(app.getHttpServer());
  problem(await http.post('/again'), 409, 'ALREADY_INITIALIZED');
  const { detail } = problem(await http.post('/locked'), 409, 'STORE_LOCKED');
  assert.ok(!detail.includes(at) && !detail.includes(String(other.pid)), detail);
});

test('503 with Retry-After: not open yet, too many calls, closed', async (t) => {
  const Early = injectable(class { constructor() { this.bridge = new FluoriteBridge(); } });
  const early = controller([Early], { 'GET /early': ({ bridge }) => bridge.getStats() });
  let fill = () => undefined;
  const guards = [{ canActivate: () => (fill(), true) }];
  const { app, http } = await served(t, { guards }, {
    controllers: [early], providers: [Early], config: { ml: { num_threads: 1 } }, set: (app) => app.useGlobalFilters(new FluoriteExceptionFilter()),
  });
  problem(await http.get('/early'), 503, 'NOT_INITIALIZED');

  const service = app.get(FluoriteService);
  let filling = [];
  // long enough that one thread takes longer to store them than it takes to ask
  const content = Array.from({ length: 12_000 }, (_, i) => `${(i * 7_919) % 104_729}`).join(' ');
  fill = () => (filling = Array.from({ length: 1_500 }, () => service.storeChunk({ content }).catch((e) => assert.equal(e.code, 'BUSY'))));
  let busy = { status: 201 };
  for (let tries = 0; busy.status === 201 && tries < 50; tries++) { // the queue may have drained in between
    busy = await http.post('/api/memory').send({ content: 'x' });
    await Promise.all(filling);
  }
  problem(busy, 503, 'BUSY');
  assert.equal(busy.headers['retry-after'], '1');

  fill = () => undefined;
  await service.shutdown();
  const closed = await http.get('/api/memory/x');
  problem(closed, 503, 'CLOSED');
  assert.equal(closed.headers['retry-after'], '1');
});

test('500, 503, 507 and 499: codes that name files or the machine say nothing of it', async (t) => {
  const secret = 'write "/srv/secret/store/segment.log": failed for C:\\Users\\me\\store and /home/me/x (pid 12345)';
  const codes = { IO: 500, CORRUPT: 500, INTERNAL: 500, UNSUPPORTED_FORMAT: 500, INVALID_CONFIG: 500, POISONED: 503, MODEL_NOT_FOUND: 503, MODEL_REJECTED: 503,
    EMBEDDING_FAILED: 503, NO_SPACE: 507, ABORTED: 499, READ_ONLY: 409, STORE_LOCKED: 409, INVALID_ARGUMENT: 400, NOT_FOUND: 404, SOMETHING_NEW: 500 };
  const routes = Object.fromEntries(Object.keys(codes).map((code) => [`GET /${code}`, () => { throw new FluoriteError(code, secret); }]));
  const app = await start(t, [], { controllers: [controller([], { ...routes, 'GET /other': () => { throw new Error('not ours'); } })], set: (app) => app.useGlobalFilters(new FluoriteExceptionFilter()) });
  const logged = [];
  app.useLogger({ log() {}, warn() {}, error: (...args) => logged.push(args.join(' ')) });
  for (const [code, status] of Object.entries(codes)) {
    const { detail } = problem(await request(app.getHttpServer()).get(`/${code}`), status, code);
    assert.doesNotMatch(detail, /secret|me\b|Users|home/, code);
    if (![400, 404].includes(status)) assert.doesNotMatch(detail, /12345/, `${code}: the engine's words`);
  }
  assert.equal(logged.filter((l) => l.includes('/srv/secret')).length, Object.values(codes).filter((s) => s >= 500).length, 'the log has what the answer has not');
  assert.equal((await request(app.getHttpServer()).get('/other')).body.statusCode, 500, 'errors of others are not ours to answer');
});

test('outside HTTP the filter lets the error through', async () => {
  const filter = new FluoriteExceptionFilter();
  const error = new FluoriteError('BUSY', 'x');
  assert.throws(() => filter.catch(error, { getType: () => 'graphql' }), error);
  await assert.rejects(lastValueFrom(filter.catch(error, { getType: () => 'rpc' })), error);
});

test('a search stops when its client goes away', HANGS, async (t) => {
  const { app } = await served(t);
  const aborted = new Promise((stopped) => {
    app.get(FluoriteService).searchSimilar = (_, { signal }) => new Promise((_, reject) => {
      signal.addEventListener('abort', () => { stopped('aborted'); reject(new FluoriteError('ABORTED', 'x')); });
      client.destroy();
    });
  });
  await app.listen(0, '127.0.0.1');
  const client = connect({ port: app.getHttpServer().address().port, path: '/api/memory/search', method: 'POST', headers: { 'content-type': 'application/json' } });
  client.on('error', () => undefined);
  client.end('{"query":"x"}');
  assert.equal(await aborted, 'aborted');
});

// 'deep-hash' is how Nest 10 tells modules apart: by what their metadata look like.
for (const moduleIdGeneratorAlgorithm of ['reference', 'deep-hash']) test(`guards (${moduleIdGeneratorAlgorithm}): a class with its own dependencies, of every route; another registration has its own`, async (t) => {
  const KEYS = Symbol('keys');
  const auth = module({ providers: [{ provide: KEYS, useValue: new Set(['right']) }], exports: [KEYS] });
  const ApiKeyGuard = injectable(class ApiKeyGuard {
    constructor(keys) { this.keys = keys; }
    canActivate(context) {
      if (!this.keys.has(context.switchToHttp().getRequest().headers['x-api-key'])) throw new UnauthorizedException();
      return true;
    }
  }, KEYS);
  const app = await start(t, [FluoriteModule.forTesting(), FluoriteHttpModule.register({ guards: [ApiKeyGuard], imports: [auth] }), FluoriteHttpModule.register({ path: 'closed', guards: [{ canActivate: () => false }] }), FluoriteHttpModule.register({ path: 'open' })], { options: { moduleIdGeneratorAlgorithm } });
  const http = request(app.getHttpServer());
  const routes = [['post', ''], ['post', '/batch'], ['post', '/get'], ['post', '/search'], ['post', '/context'], ['post', '/feedback'], ['get', '/stats'], ['get', '/learning/stats'], ['get', '/events'], ['get', '/x'], ['delete', '/x']];
  for (const [verb, path] of routes) {
    assert.equal((await http[verb](`/api/memory${path}`).send({ content: 'x' })).status, 401, `${verb} ${path}`);
    assert.equal((await http[verb](`/api/memory${path}`).set('x-api-key', 'wrong').send({ content: 'x' })).status, 401, `${verb} ${path}`);
    assert.equal((await http[verb](`/closed${path}`).set('x-api-key', 'right').send({ content: 'x' })).status, 403, `${verb} ${path}`);
  }
  assert.equal((await app.get(FluoriteService).getStats()).chunks, 0);
  await http.post('/api/memory').set('x-api-key', 'right').send({ content: 'x' }).expect(201);
  await http.post('/open').send({ content: 'x' }).expect(201);
  for (const guards of [[undefined], [class {}].map((c) => Object.defineProperty(c, 'name', { value: '' }))]) {
    assert.throws(() => FluoriteHttpModule.register({ guards }), 'a guard that Nest would not run');
  }
});

test('on Fastify: the same answers', HANGS, async (t) => {
  const app = await start(t, [FluoriteModule.forTesting({ memory: { max_chunk_size: 1_000 } }), FluoriteHttpModule.register(), FluoriteHttpModule.register({ path: 'closed', guards: [{ canActivate: () => false }] })], {
    adapter: new FastifyAdapter(),
  });
  await app.listen(0, '127.0.0.1');
  const http = request(await app.getUrl());
  await http.post('/api/memory').send({ id: 'a/b', content: 'some words' }).expect(201);
  assert.equal((await http.get('/api/memory/a%2Fb').expect(200)).body.content, 'some words');
  assert.equal((await http.post('/api/memory/search').send({ query: 'words' }).expect(200)).body.hits.length, 1);
  assert.equal((await http.get('/api/memory/stats').expect(200)).body.chunks, 1);
  problem(await http.get('/api/memory/none'), 404, 'NOT_FOUND');
  problem(await http.post('/api/memory').send({ content: 7 }), 400, 'INVALID_ARGUMENT');
  problem(await http.post('/api/memory').send({ content: 'x'.repeat(1_001) }), 413, 'CHUNK_TOO_LARGE');
  await http.delete('/closed/a%2Fb').expect(403);
  await http.delete('/api/memory/a%2Fb').expect(204);
  const service = app.get(FluoriteService);
  const told = stream(`${await app.getUrl()}/api/memory/events`);
  await told.next();
  await service.storeChunk({ id: 'told', content: 'x' });
  assert.equal((await told.next()).value.data.id, 'told');
  const stopped = new Promise((seen) => {
    service.searchSimilar = (_, { signal }) => new Promise((_, reject) => {
      signal.addEventListener('abort', () => { seen(true); reject(new FluoriteError('ABORTED', 'x')); });
      client.destroy();
    });
  });
  const client = connect(`${await app.getUrl()}/api/memory/search`, { method: 'POST', headers: { 'content-type': 'application/json' } });
  client.on('error', () => undefined);
  client.end('{"query":"x"}');
  assert.ok(await stopped, 'a search stops when its client goes away');
  await service.shutdown();
  const closed = await http.get('/api/memory/x');
  problem(closed, 503, 'CLOSED');
  assert.equal(closed.headers['retry-after'], '1');
  await app.close();
  assert.ok((await told.next()).done);
});

test('OpenAPI: every route with its body, its refusals and the decorators of the caller', async (t) => {
  const { ApiBearerAuth } = await import('@nestjs/swagger');
  const { app } = await served(t, { decorators: [ApiBearerAuth()] });
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().addBearerAuth().build());
  assert.deepEqual(Object.entries(document.paths).flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb} ${path}`)).sort(), [
    'delete /api/memory/{id}', 'get /api/memory/events', 'get /api/memory/learning/stats', 'get /api/memory/stats', 'get /api/memory/{id}', 'post /api/memory', 'post /api/memory/batch', 'post /api/memory/context',
    'post /api/memory/feedback', 'post /api/memory/get', 'post /api/memory/search',
  ]);
  for (const verbs of Object.values(document.paths)) {
    for (const [verb, route] of Object.entries(verbs)) {
      assert.ok(route.summary && route.responses['503'] && route.security, JSON.stringify(route));
      if (verb === 'post') assert.ok(route.requestBody, route.summary);
    }
  }
  const { FluoriteChunkInput: input, FluoriteSearch: search } = document.components.schemas;
  assert.deepEqual(input.required, ['content']);
  assert.equal(search.properties.limit.maximum, 1000);
  assert.equal(search.properties.filter.$ref ?? search.properties.filter.allOf[0].$ref, '#/components/schemas/FluoriteFilter');
});

/** Server-sent events of an address, one after the other. */
async function* stream(url, { signal } = {}) {
  const response = await fetch(url, { signal });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  let text = '';
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    const messages = (text + part).split('\n\n');
    text = messages.pop();
    for (const message of messages) {
      const lines = new Map(message.split('\n').map((line) => line.split(/: (.*)/s)));
      if (lines.has('event')) yield { event: lines.get('event'), data: JSON.parse(lines.get('data')) };
    }
  }
}

/** An application that listens, and the address of its routes. */
async function listening(t, ...imports) {
  const app = await start(t, [FluoriteModule.forTesting(), FluoriteHttpModule.register(), ...imports]);
  await app.listen(0, '127.0.0.1');
  return { app, service: app.get(FluoriteService), url: await app.getUrl() };
}

test('events: as they come, from `ready` on, and the stream ends with the application', HANGS, async (t) => {
  const { app, service, url } = await listening(t);
  await service.storeChunk({ id: 'before', content: 'x' });
  const all = stream(`${url}/api/memory/events`);
  const deleted = stream(`${url}/api/memory/events?types=ChunkDeleted&namespace=n`);
  assert.deepEqual((await all.next()).value, { event: 'ready', data: {} });
  assert.deepEqual((await deleted.next()).value, { event: 'ready', data: {} });
  await service.storeChunk({ id: 'a', content: 'two\nlines', namespace: 'n' });
  await service.deleteChunk('before');
  await service.deleteChunk('a', { namespace: 'n' });
  const next = async (source) => { const { event, data } = (await source.next()).value; assert.equal(event, data.type); return `${event} ${data.namespace}/${data.id}`; };
  assert.deepEqual([await next(all), await next(all), await next(all)], ['ChunkStored n/a', 'ChunkDeleted default/before', 'ChunkDeleted n/a']);
  assert.equal(await next(deleted), 'ChunkDeleted n/a');
  await app.close();
  assert.deepEqual([(await all.next()).done, (await deleted.next()).done], [true, true]);
});

test('events: refusals have their status; confined routes tell of their namespace alone', HANGS, async (t) => {
  const { service, url } = await listening(t, FluoriteHttpModule.register({ path: 'tenant', namespace: 'tenant' }));
  const http = request(url);
  for (const wrong of ['Nonsense', 'chunkStored']) {
    const { detail } = problem(await http.get(`/api/memory/events?types=ChunkStored,${wrong}`), 400, 'INVALID_ARGUMENT');
    assert.ok(detail.includes(`"${wrong}"`) && detail.includes('IndexBuilt'), detail);
  }
  problem(await http.get('/api/memory/events?types[]=ChunkStored'), 400, 'INVALID_ARGUMENT');
  problem(await http.get('/tenant/events?namespace=other'), 400, 'INVALID_ARGUMENT');
  const stop = new AbortController();
  const told = stream(`${url}/tenant/events`, { signal: stop.signal });
  await told.next();
  await service.storeChunks(Array.from({ length: 9_000 }, (_, i) => ({ content: `c${i}`, embedding: Object.assign(new Float32Array(384), [i + 1, 1, i % 7]) })));
  assert.ok((await service.optimize()).vectors_indexed >= 0);
  await service.storeChunk({ id: 'mine', content: 'x', namespace: 'tenant' });
  assert.equal((await told.next()).value.data.id, 'mine', 'neither the chunks of others nor the index');
  stop.abort();
  await assert.rejects(told.next());
  await service.shutdown();
  problem(await http.get('/api/memory/events'), 503, 'CLOSED');
});

test('events: a client that goes away is let go; one that does not read is told what it missed', HANGS, async (t) => {
  const { service, url } = await listening(t);
  const opened = [];
  const events = service.events.bind(service);
  service.events = (options) => {
    if (options.signal) opened.push(options.signal); // not the look whether the options are right
    return events(options);
  };
  const gone = new AbortController();
  const first = stream(`${url}/api/memory/events`, { signal: gone.signal });
  await first.next();
  const ended = once(opened[0], 'abort');
  gone.abort();
  await assert.rejects(first.next());
  await ended;

  const count = 40_000;
  const slow = connect(`${url}/api/memory/events?types=ChunkStored`).end();
  const [response] = await once(slow, 'response');
  const begun = once(response, 'readable');
  await begun;
  response.pause();
  for (let i = 0; i < count; i += 1_000) await service.storeChunks(Array.from({ length: 1_000 }, (_, j) => ({ id: `${i + j}`.padEnd(1_000, '-'), content: 'x' })));
  let [told, missed, text] = [0, 0, ''];
  for await (const part of response.setEncoding('utf8')) {
    const messages = (text + part).split('\n\n');
    text = messages.pop();
    for (const message of messages) {
      if (message.includes('event: ChunkStored')) told++;
      missed += Number(/"missed":(\d+)/.exec(message)?.[1] ?? 0);
    }
    if (told + missed >= count) break;
  }
  assert.equal(told + missed, count);
  assert.ok(missed > 0, 'it was read without regard to the client');
});

for (const [what, backlog] of [['an idle stream', 0], ['a backlog', 20_000]]) test(`events: a client that has stopped reading does not hold the close: ${what}`, HANGS, async (t) => {
  const { app, service, url } = await listening(t);
  const { port } = new URL(url);
  const client = net.connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  client.write('GET /api/memory/events HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(client, 'readable'); // the stream has begun; nothing is read from here on
  for (let i = 0; i < backlog; i += 1_000) await service.storeChunks(Array.from({ length: 1_000 }, (_, j) => ({ id: `${i + j}`.padEnd(1_000, '-'), content: 'x' })));
  await app.close();
  assert.equal(app.getHttpServer().listening, false);
});

const IN_FLIGHT = 50;

/** 50 stores over kept-alive connections; `when` is called, in the server, as the last of them arrives. With `hold` none goes on before. */
async function storm(t, when, { hold = false } = {}) {
  const at = folder();
  const app = await start(t, [FluoriteModule.forRoot({ memory_path: at, enable_ml: false }), FluoriteHttpModule.register()], {
    set: (app) => {
      const held = [];
      app.use((_request, _response, next) => {
        if (held.push(next) === IN_FLIGHT) {
          when(app);
          if (hold) setImmediate(() => held.forEach((go) => go())); // the close has begun by then
        }
        if (!hold) next();
      });
    },
  });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const store = (i) => new Promise((done, fail) => {
    const sent = connect({ port, agent, method: 'POST', path: '/api/memory', headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume().on('end', () => done({ id: `c${i}`, status: response.statusCode, connection: response.headers.connection }));
    });
    sent.on('error', fail);
    sent.end(JSON.stringify({ id: `c${i}`, content: `chunk ${i}` }));
  });
  const answers = await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => store(i)));
  await app.close();
  const again = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  t.after(() => again.shutdown());
  for (const { id, status } of answers) {
    assert.ok(status === 201 || status === 503, `${id}: ${status}`);
    if (status === 201) assert.equal((await again.getChunk(id))?.content, `chunk ${id.slice(1)}`, `${id} was acknowledged and is lost`);
  }
  return answers;
}

test('the application closes during 50 requests in flight: all are answered, all acknowledged chunks are there', HANGS, async (t) => {
  const answers = await storm(t, (app) => void app.close(), { hold: true });
  assert.deepEqual(answers.filter((a) => a.status !== 201), [], 'what had arrived is answered, not refused');
  assert.deepEqual([...new Set(answers.map((a) => a.connection))], ['close'], 'a kept connection would hold the close');
});

test('the store closes under 50 requests in flight: each is answered or refused, none acknowledged is lost', HANGS, async (t) => {
  const answers = await storm(t, (app) => void app.get(FluoriteService).shutdown());
  assert.ok(answers.some((a) => a.status === 503), 'the last one came too late');
});
