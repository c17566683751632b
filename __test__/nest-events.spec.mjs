// The stream of events, and how streams and requests in flight end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as connect } from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import request from 'supertest';

import { FluoriteBridge } from '../index.mjs';
import { FluoriteHttpModule, FluoriteModule, FluoriteService } from '../nestjs/index.js';
import { folder } from './helpers.mjs';
import { HANGS, problem, start, stream } from './nest-helpers.mjs';

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
