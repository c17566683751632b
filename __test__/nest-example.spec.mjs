// The NestJS example: compiles with strict settings, and does what its README says, in process and as a process.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { createInterface } from 'node:readline';
import request from 'supertest';
import { Test } from '@nestjs/testing';

import { FluoriteBridge } from '../index.mjs';
import { FluoriteModule } from '../nestjs/index.js';
import { folder, root } from './helpers.mjs';

const example = join(root, 'examples', 'nest-app');
const require = createRequire(import.meta.url);
const load = (file) => require(join(example, 'dist', file));

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

before(() => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', example], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

test('the declarations need no package but those of Nest itself', () => {
  const at = folder();
  mkdirSync(join(at, 'node_modules'));
  symlinkSync(root, join(at, 'node_modules', 'fluorite-bridge'), 'junction');
  writeFileSync(join(at, 'app.ts'), `
    import { FluoriteExceptionFilter, FluoriteHealthIndicator, FluoriteHttpModule, FluoriteModule, type FluoriteNamespace, type FluoriteService } from 'fluorite-bridge/nestjs';
    export const imports = [FluoriteModule.forRoot({ memoryPath: 'x', isGlobal: true }), FluoriteHttpModule.register({ namespace: 'n' })];
    export const used = [FluoriteExceptionFilter, FluoriteHealthIndicator];
    export const hits = async (service: FluoriteService, notes: FluoriteNamespace) => [await service.searchSimilar('q', 3), (await notes.searchSimilar('q', { fields: ['tags'] }))[0]?.tags];
    // @ts-expect-error: not a field of the configuration
    FluoriteModule.forRoot({ memory_pth: 'x' });`);
  const options = ['--noEmit', '--listFiles', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--module', 'node16',
    '--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, join(at, 'app.ts')], { encoding: 'utf8' });
  assert.equal(status, 0, stdout.split('\n').filter((l) => l.includes('error')).join('\n'));
  assert.ok(stdout.includes('@nestjs/common'));
  assert.doesNotMatch(stdout, /@nestjs\/(terminus|swagger)|class-validator|class-transformer/);
});

async function start(t, metadata) {
  const testing = await Test.createTestingModule(metadata).setLogger(false).compile();
  const app = testing.createNestApplication();
  load('configure.js').configure(app);
  await app.init();
  app.useLogger(false);
  t.after(() => app.close());
  return request(app.getHttpServer());
}

test('one module of the application on a test store', async (t) => {
  const { NotesModule } = load('notes/notes.module.js');
  const http = await start(t, { imports: [FluoriteModule.forTesting(), NotesModule] });
  const { id } = (await http.post('/notes').send({ text: 'Hono and Next.js make a good BFF', tags: ['web'] }).expect(201)).body;
  await http.post('/notes').send({ text: 'water the roses on Friday' }).expect(201);
  const found = (await http.get('/notes').query({ q: 'good BFF' }).expect(200)).body;
  assert.equal(found[0].id, id);
  assert.deepEqual(Object.keys(found[0]).sort(), ['id', 'score', 'tags', 'text']);
  await http.post('/notes').send({ text: '' }).expect(400);
  assert.equal((await http.get('/notes').expect(400)).body.code, 'INVALID_ARGUMENT', 'the filter answers for controllers of the application');
});

test('the whole application: health, guarded memory routes, OpenAPI', async (t) => {
  Object.assign(process.env, { MEMORY_PATH: folder(), MODEL: 'off', API_KEY: 'right' });
  t.after(() => ['MEMORY_PATH', 'MODEL', 'API_KEY'].forEach((name) => delete process.env[name]));
  const http = await start(t, { imports: [load('app.module.js').AppModule] });
  assert.equal((await http.get('/health').expect(200)).body.info.memory.status, 'up');
  await http.post('/notes').send({ text: 'a note' }).expect(201);
  await http.get('/api/memory/stats').expect(401);
  await http.get('/api/memory/stats').set('x-api-key', 'wrong').expect(401);
  assert.equal((await http.get('/api/memory/stats').set('x-api-key', 'right').expect(200)).body.chunks, 1);
  await http.post('/api/memory').set('x-api-key', 'right').send({ content: 'x'.repeat(500_000) }).expect(201);
  const document = (await http.get('/docs-json').expect(200)).body;
  assert.ok(document.paths['/api/memory/search'] && document.paths['/notes']);
});

test('as a process: starts, answers, closes on SIGTERM, keeps what it took', { skip: process.platform === 'win32' }, async () => {
  const memory = folder();
  const app = spawn(process.execPath, [join(example, 'dist', 'main.js')], {
    env: { ...process.env, NO_COLOR: '1', PORT: '0', MEMORY_PATH: memory, MODEL: 'off' }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(app, 'close');
  let url;
  for await (const line of createInterface(app.stdout)) {
    url = /listening on (http\S+)/.exec(line)?.[1];
    if (url) break;
  }
  assert.ok(url, 'it did not start');
  app.stdout.resume();
  assert.equal((await fetch(`${url}/health`)).status, 200);
  const stored = await fetch(`${url}/notes`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"kept over a restart"}' });
  const { id } = await stored.json();
  app.kill('SIGTERM');
  assert.deepEqual(await ended, [null, 'SIGTERM']);
  const store = await FluoriteBridge.open({ memory_path: memory, enable_ml: false });
  assert.equal((await store.getChunk(id, { namespace: 'notes' })).content, 'kept over a restart');
  await store.shutdown();
});
