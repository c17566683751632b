// The routes: what they do, who may call, which namespace they see, how they describe themselves; on Express and Fastify.
import assert from 'node:assert/strict';
import { request as connect } from 'node:http';
import { test } from 'node:test';
import { UnauthorizedException, ValidationPipe } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import request from 'supertest';

import { FluoriteError } from '../index.mjs';
import { FluoriteHttpModule, FluoriteModule, FluoriteService } from '../nestjs/index.js';
import { hashEmbedding } from '../testing/index.js';
import { HANGS, injectable, module, problem, served, start, stream } from './nest-helpers.mjs';

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

test('a purge by a route: what is there, what was deleted before; history has nothing of it', async (t) => {
  const { app, http } = await served(t);
  const service = app.get(FluoriteService);
  for (const id of ['a', 'b']) await service.storeChunk({ id, content: 'a leaked key' });
  await http.delete('/api/memory/a?purge=true').expect(204);
  await http.delete('/api/memory/b?purge=false').expect(204);
  assert.deepEqual([(await service.history('a')).length, (await service.history('b')).length], [0, 1]);
  problem(await http.delete('/api/memory/b?purge=false'), 404, 'NOT_FOUND');
  await http.delete('/api/memory/b?purge=true').expect(204);
  assert.equal((await service.history('b')).length, 0);
  problem(await http.delete('/api/memory/b?purge=yes'), 400, 'INVALID_ARGUMENT');
  problem(await http.get('/api/memory/b?purge=true'), 400, 'INVALID_ARGUMENT');
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

test("an application's own ValidationPipe neither strips nor answers for these routes", async (t) => {
  const { http } = await served(t, {}, { config: { enable_ml: false }, set: (app) => app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true, forbidNonWhitelisted: true })) });
  const metadata = { a: { b: [1, { c: null }] } };
  await http.post('/api/memory').send({ id: 'm', content: 'x', metadata, embedding: [1, 0] }).expect(201);
  assert.deepEqual((await http.get('/api/memory/m')).body.metadata, metadata);
  problem(await http.post('/api/memory').send({ content: 7 }), 400, 'INVALID_ARGUMENT');
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
  const { app, http } = await served(t, { decorators: [ApiBearerAuth()] });
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().addBearerAuth().build());
  assert.deepEqual(Object.entries(document.paths).flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb} ${path}`)).sort(), [
    'delete /api/memory/{id}', 'get /api/memory/events', 'get /api/memory/learning/stats', 'get /api/memory/stats', 'get /api/memory/{id}', 'post /api/memory', 'post /api/memory/batch', 'post /api/memory/context',
    'post /api/memory/feedback', 'post /api/memory/get', 'post /api/memory/search',
  ]);
  for (const verbs of Object.values(document.paths)) {
    for (const [verb, route] of Object.entries(verbs)) {
      assert.ok(route.summary && route.security && ['400', '404', '409', '413', '503', '507'].every((status) => status in route.responses), JSON.stringify(route));
      if (verb === 'post') assert.ok(route.requestBody, route.summary);
    }
  }
  const { FluoriteChunkInput: input, FluoriteSearch: search } = document.components.schemas;
  assert.deepEqual(input.required, ['content']);
  assert.equal(search.properties.limit.maximum, 1000);
  assert.equal(search.properties.filter.$ref ?? search.properties.filter.allOf[0].$ref, '#/components/schemas/FluoriteFilter');
  // what is described is what is answered
  const members = (name) => Object.keys(document.components.schemas[name].properties).sort();
  await http.post('/api/memory').send({ id: 'a', content: 'text' }).expect(201);
  assert.deepEqual(members('FluoriteChunk'), Object.keys((await http.get('/api/memory/a')).body).sort());
  assert.deepEqual(members('FluoriteHit'), Object.keys((await http.post('/api/memory/search').send({ query: 'text', explain: true })).body.hits[0]).sort());
  assert.deepEqual(members('FluoriteLearned'), Object.keys((await http.get('/api/memory/learning/stats')).body).sort());
});
