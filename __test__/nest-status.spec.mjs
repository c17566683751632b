// The statuses of the routes: each from the right code, and nothing of the machine in the answer.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { lastValueFrom } from 'rxjs';
import request from 'supertest';

import { FluoriteBridge, FluoriteError } from '../index.mjs';
import { FluoriteExceptionFilter, FluoriteModule, FluoriteService } from '../nestjs/index.js';
import { entry, folder, root } from './helpers.mjs';
import { controller, injectable, problem, served, start } from './nest-helpers.mjs';

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
    ['/search', { query: '' }], ['/search', { query: ' \u200b' }], ['/context', { query: '\n', budget_tokens: 9 }],
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
