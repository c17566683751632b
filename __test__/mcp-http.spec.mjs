// HTTP: who is let in, sessions, and many clients at once.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';

import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

import { Notices } from '../mcp/notices.js';
import { call, client, KnowledgeGraph, serve, startMcpServer, TOKEN } from './mcp-helpers.mjs';
import { folder, open, rejects, root } from './helpers.mjs';

const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '0' } } };
const accept = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' };
const authorized = { ...accept, Authorization: `Bearer ${TOKEN}` };

/** One request, exactly as given; `Host` too. Resolves with the status and the body. */
function send(url, { method = 'POST', headers = {}, body = JSON.stringify(initialize), path } = {}) {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname } = new URL(url);
    const req = request({ hostname, port, path: path ?? pathname, method, headers }, (res) => {
      let text = '';
      res.on('data', (d) => (text += d));
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, text }));
    });
    req.on('error', reject);
    req.end(method === 'POST' ? body : undefined);
  });
}

test('a request from elsewhere is refused before any tool runs', async (t) => {
  const bridge = await open(t);
  const server = await serve(t, { bridge, max_body_bytes: 4_096, allowed_hosts: ['memory.example'], allowed_origins: ['https://app.example'] });
  const { host } = new URL(server.url);
  const store = (content) => JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'memory_store', arguments: { content } } });
  const c = await client(t, server);
  const session = { ...authorized, 'mcp-session-id': c.transport.sessionId, 'mcp-protocol-version': '2025-06-18' };
  const rows = [
    ['a foreign Host', { headers: { ...session, Host: 'attacker.example' } }, 403],
    ['another port in Host', { headers: { ...session, Host: '127.0.0.1:1' } }, 403],
    ['a foreign Origin', { headers: { ...session, Origin: 'https://attacker.example' } }, 403],
    ['the Origin null', { headers: { ...session, Origin: 'null' } }, 403],
    ['an Origin that only begins right', { headers: { ...session, Origin: 'https://app.example.attacker.example' } }, 403],
    ['no token', { headers: { ...session, Authorization: undefined } }, 401],
    ['a wrong token', { headers: { ...session, Authorization: `Bearer ${TOKEN}x` } }, 401],
    ['the start of the token', { headers: { ...session, Authorization: `Bearer ${TOKEN.slice(0, -1)}` } }, 401],
    ['another scheme', { headers: { ...session, Authorization: `Basic ${TOKEN}` } }, 401],
    ['a body over the limit', { headers: session, body: store('x'.repeat(5_000)) }, 413],
    ['a body over the limit that does not say its length', { headers: { ...session, 'Transfer-Encoding': 'chunked' }, body: store('x'.repeat(500_000)) }, 413],
    ['another path', { headers: session, path: '/' }, 404],
    ['no path', { headers: session, path: '//' }, 404],
    ['the path on another host', { headers: session, path: '//evil.example/mcp' }, 404],
    ['a path that is no address', { headers: session, path: 'http://[' }, 404],
    ['another method', { headers: session, method: 'PUT' }, 405],
    ['a session that is not', { headers: { ...session, 'mcp-session-id': 'x' } }, 404],
    ['a call before initialize', { headers: authorized }, 400],
    ['no JSON', { headers: session, body: '{' }, 400],
    ['a stream without a session', { headers: authorized, method: 'GET' }, 400],
  ];
  for (const [what, given, status] of rows) {
    await t.test(what, async () => {
      const headers = Object.fromEntries(Object.entries(given.headers).filter(([, v]) => v !== undefined));
      const got = await send(server.url, { body: store('must not be stored'), ...given, headers });
      assert.equal(got.status, status, got.text);
      assert.ok(!got.text.includes(TOKEN) && !got.text.includes('must not'));
      if (status === 401) assert.equal(got.headers['www-authenticate'], 'Bearer');
    });
  }
  assert.equal((await bridge.getStats()).chunks, 0, 'nothing was stored');
  for (const headers of [{}, { Host: `localhost:${host.split(':')[1]}` }, { Host: 'memory.example' }, { Origin: 'https://app.example' }]) {
    const got = await send(server.url, { headers: { ...session, ...headers }, body: store('allowed') });
    assert.equal(got.status, 200, got.text);
  }
  assert.equal((await bridge.getStats()).chunks, 4);
});

test('options that cannot be served are refused', async () => {
  const config = { memory_path: folder(), enable_ml: false };
  const token = process.env.FLUORITE_MCP_TOKEN;
  delete process.env.FLUORITE_MCP_TOKEN;
  await rejects(startMcpServer({ config, port: 0 }), 'INVALID_CONFIG', /FLUORITE_MCP_TOKEN/);
  if (token !== undefined) process.env.FLUORITE_MCP_TOKEN = token;
  await rejects(startMcpServer({ config, port: 0, token: 'short' }), 'INVALID_CONFIG', /16/);
  await rejects(startMcpServer({ config, port: 0, token: TOKEN, host: '0.0.0.0' }), 'INVALID_CONFIG', /proxy/);
  await rejects(startMcpServer({ config, port: 0, token: TOKEN, maxBodyBytes: 1 }), 'INVALID_CONFIG', /max_body_bytes/);
  await rejects(startMcpServer({ config, tokens: TOKEN }), 'INVALID_CONFIG', /tokens is not an option/);
  await rejects(startMcpServer({ config, graph_namespace: 'default' }), 'INVALID_CONFIG');
  const first = await startMcpServer({ config, port: 0, token: TOKEN });
  const other = { memory_path: folder(), enable_ml: false };
  await rejects(startMcpServer({ config: other, port: Number(new URL(first.url).port), token: TOKEN }), 'IO', /EADDRINUSE/);
  await first.close();
  await first.close();
  const again = await startMcpServer({ config: other, port: 0, token: TOKEN });
  await again.close();
});

test('the client idle for longest makes room, and can begin again', async (t) => {
  const server = await serve(t, { max_sessions: 2 });
  const [a, b] = [await client(t, server), await client(t, server)];
  await call(a, 'memory_stats');
  const c = await client(t, server);
  await call(a, 'memory_stats');
  await call(c, 'memory_stats');
  await assert.rejects(call(b, 'memory_stats'), /initialize again/);
});

test('a subscriber hears of every client\'s changes', async (t) => {
  const server = await serve(t);
  const [a, b] = [await client(t, server), await client(t, server)];
  const heard = [];
  let wake;
  a.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    heard.push(params.uri);
    wake?.();
  });
  const next = () => new Promise((resolve) => (wake = resolve));
  const uri = 'memory://knowledge-graph';
  await call(b, 'create_entities', { entities: [{ name: 'before', entityType: 't', observations: [] }] });
  await a.subscribeResource({ uri });
  let told = next();
  await call(b, 'create_entities', { entities: [{ name: 'x', entityType: 't', observations: [] }] });
  await told;
  told = next();
  await call(a, 'delete_entities', { entityNames: ['x'] });
  await told;
  assert.deepEqual(heard, [uri, uri]);
  await a.unsubscribeResource({ uri });
  await call(b, 'delete_entities', { entityNames: ['before'] });
  await call(a, 'memory_stats'); // what was sent before its answer has come
  assert.deepEqual(heard, [uri, uri]);
});

test('a change that changes nothing is not told', async (t) => {
  const graph = new KnowledgeGraph(await open(t));
  let told = 0;
  graph.onChange(() => told++);
  const after = async (work, expected) => assert.equal((await work, told), expected);
  const [alice, bob] = ['Alice', 'Bob'].map((name) => ({ name, entityType: 'person', observations: ['x'] }));
  const knows = { from: 'Alice', to: 'Bob', relationType: 'knows' };
  await after(graph.createEntities([alice, bob]), 1);
  await after(graph.createEntities([alice]), 1);
  await after(graph.createEntities([]), 1);
  await after(graph.createRelations([knows]), 2);
  await after(graph.createRelations([knows]), 2);
  await after(graph.addObservations([{ entityName: 'Bob', contents: ['x'] }]), 2);
  await after(graph.addObservations([{ entityName: 'Bob', contents: ['x', 'y'] }]), 3);
  await after(graph.deleteObservations([{ entityName: 'Bob', observations: ['z'] }]), 3);
  await after(graph.deleteObservations([{ entityName: 'Bob', observations: ['y'] }]), 4);
  await after(graph.deleteRelations([{ ...knows, to: 'Carol' }]), 4);
  await after(graph.deleteRelations([knows]), 5);
  await after(graph.deleteEntities(['Carol']), 5);
  await after(graph.deleteEntities(['Bob']), 6);
});

test('changes while a client does not read are one notice', async () => {
  const sent = [];
  let arrived;
  const notices = new Notices(() => new Promise((taken) => {
    sent.push(taken);
    arrived?.();
  }));
  for (let i = 0; i < 1_000; i++) notices.changed();
  assert.equal(sent.length, 1, 'the first at once');
  const second = new Promise((resolve) => (arrived = resolve));
  sent[0]();
  const hold = setInterval(() => undefined, 1_000); // a rest keeps no process alive, not even this one
  await second;
  clearInterval(hold);
  assert.equal(sent.length, 2, 'the others together');
  notices.end();
  notices.changed();
  sent[1]();
  await new Promise(setImmediate);
  assert.equal(sent.length, 2);
});

test('two clients, 1,000 interleaved mutations: none is lost, none is done twice', async (t) => {
  const memory_path = folder();
  const server = await serve(t, { memory_path, max_output_tokens: 1_000_000 });
  const clients = [await client(t, server), await client(t, server)];
  const shared = Array.from({ length: 8 }, (_, i) => `shared ${i}`);
  const wanted = new Map(shared.map((name) => [name, new Set()]));
  const relations = new Set();
  let [mutations, doubled] = [0, 0];
  const mutate = (who, name, args) => (mutations++, call(clients[who], name, args));

  // Both create every entity and add every common observation: exactly one of the two is told that it did.
  for (const name of shared) {
    const created = await Promise.all([0, 1].map((who) => mutate(who, 'create_entities', { entities: [{ name, entityType: 't', observations: [] }] })));
    doubled += created.reduce((sum, r) => sum + r.entities.length, 0) - 1;
  }
  const lane = async (who) => {
    for (let i = 0; i < 120; i++) {
      const entityName = shared[(i * 3 + who) % shared.length];
      const [own, gone, common] = [`${who} says ${i}`, `${who} takes back ${i}`, `both say ${i}`];
      const edge = { from: entityName, to: shared[(i + 1) % shared.length], relationType: `r${who}-${i}` };
      const [, , both] = await Promise.all([
        mutate(who, 'add_observations', { observations: [{ entityName, contents: [own] }] }),
        mutate(who, 'add_observations', { observations: [{ entityName, contents: [gone] }] })
          .then(() => mutate(who, 'delete_observations', { deletions: [{ entityName, observations: [gone] }] })),
        i % 2 ? [] : mutate(who, 'add_observations', { observations: [{ entityName: 'shared 0', contents: [common] }] }),
        i % 2 ? mutate(who, 'create_relations', { relations: [edge] }) : undefined,
      ]);
      wanted.get(entityName).add(own);
      if (!(i % 2)) {
        wanted.get('shared 0').add(common);
        commons.push(both.results[0].addedObservations.length);
      } else relations.add(JSON.stringify(edge));
    }
  };
  const commons = [];
  await Promise.all([lane(0), lane(1)]);
  assert.equal(commons.reduce((a, b) => a + b, 0), 60, 'each common observation was added by exactly one client');
  assert.equal(doubled, 0, 'each entity was created by exactly one client');

  // Deleting an entity while the other adds to it: the addition comes before (and goes too) or fails; nothing is left of it.
  for (let i = 0; i < 20; i++) {
    const entity = { name: `torn ${i}`, entityType: 't', observations: ['first'] };
    await mutate(0, 'create_entities', { entities: [entity] });
    await Promise.all([
      mutate(0, 'delete_entities', { entityNames: [entity.name] }),
      mutate(1, 'add_observations', { observations: [{ entityName: entity.name, contents: ['late'] }] }).catch((e) => assert.equal(e.code, 'NOT_FOUND')),
    ]);
    await mutate(1, 'create_entities', { entities: [entity] });
    wanted.set(entity.name, new Set(['first']));
  }
  assert.ok(mutations >= 1_000, `${mutations} mutations`);

  const check = async (c) => {
    const graph = await call(c, 'read_graph');
    assert.deepEqual(new Map(graph.entities.map((e) => [e.name, [...e.observations].sort()])), new Map([...wanted].map(([name, all]) => [name, [...all].sort()])));
    assert.deepEqual(graph.relations.map((r) => JSON.stringify(r)).sort(), [...relations].sort());
  };
  await check(clients[0]);
  await server.close();
  await check(await client(t, await serve(t, { memory_path, max_output_tokens: 1_000_000 })));
});

test('the end of a server during 50 requests: each is answered or refused, and nothing acknowledged is lost', async (t) => {
  const memory_path = folder();
  const server = await serve(t, { memory_path });
  const clients = [await client(t, server), await client(t, server)];
  const create = (i) => call(clients[i % 2], 'create_entities', { entities: [{ name: `E${i}`, entityType: 't', observations: [`o${i}`] }] });
  await create(0);
  const calls = Array.from({ length: 50 }, (_, i) => create(i + 1).then(() => i + 1));
  const settling = Promise.allSettled(calls);
  assert.ok((await Promise.race(calls)) > 0);
  await server.close();
  for (const c of clients) await c.close();
  const settled = await settling;
  const kept = settled.filter((s) => s.status === 'fulfilled').map((s) => s.value);
  await assert.rejects(create(99));
  const graph = await call(await client(t, await serve(t, { memory_path })), 'read_graph');
  const there = new Map(graph.entities.map((e) => [e.name, e.observations]));
  for (const i of [0, ...kept]) assert.deepEqual(there.get(`E${i}`), [`o${i}`], `E${i} was acknowledged`);
});

test('a cancelled call stops its work', async (t) => {
  const bridge = await open(t, { enable_ml: true });
  const server = await serve(t, { bridge, spike_paths: [join(root, 'examples', 'spikes')] });
  const c = await client(t, server);
  const cancel = new AbortController();
  const told = [];
  const send = c.transport.send.bind(c.transport);
  c.transport.send = (message, options) => {
    const sent = send(message, options);
    if (message.method === 'notifications/cancelled') told.push(sent);
    return sent;
  };
  await assert.rejects(c.callTool({ name: 'learn_spikes', arguments: {} }, undefined, { signal: cancel.signal, onprogress: () => cancel.abort() }), /abort/i);
  assert.equal(told.length, 1);
  await told[0]; // the server has it
  await server.close(); // waits for the call
  assert.ok((await bridge.getStats()).chunks < 250, 'the call did not go to its end');
});
