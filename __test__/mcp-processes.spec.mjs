// Two server processes on one store, one of which reads; two clients of one server: no write is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { folder, open } from './helpers.mjs';
import { follow } from '../mcp/follow.js';
import { call, client, KnowledgeGraph, serve, spawned, startMcpServer, TOKEN } from './mcp-helpers.mjs';

const READING = ['memory_context', 'memory_get', 'memory_search', 'memory_stats', 'open_nodes', 'read_graph', 'search_nodes'];

/** Calls `work(n)` for `n` from 0 to `count - 1`, eight at a time. */
async function several(count, work) {
  let next = 0;
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (next < count) await work(next++);
  }));
}

/** 500 mutations of a client on entities and memories it shares with the other; what must be there afterwards. */
async function mutate(connected, who) {
  const expected = { observations: new Map(), memories: new Map() };
  await several(500, async (n) => {
    const name = `e${n % 25}`;
    if (n % 5 === 4) {
      const id = `${who}-${n}`;
      await call(connected, 'memory_store', { id, content: `memory ${n} of ${who}` });
      expected.memories.set(id, `memory ${n} of ${who}`);
      return;
    }
    const fact = `${who} says ${n}`;
    await call(connected, 'add_observations', { observations: [{ entityName: name, contents: [fact] }] });
    expected.observations.set(fact, name);
  });
  return expected;
}

async function holds(connected, expected) {
  const { entities, truncated } = await call(connected, 'read_graph');
  assert.equal(truncated, undefined);
  const facts = new Map(entities.flatMap((e) => e.observations.map((o) => [o, e.name])));
  for (const { observations, memories } of expected) {
    for (const [fact, name] of observations) assert.equal(facts.get(fact), name, fact);
    for (const [id, content] of memories) assert.equal((await call(connected, 'memory_get', { id })).memory?.content, content, id);
  }
  assert.equal(facts.size, expected.reduce((sum, e) => sum + e.observations.size, 0));
}

const names = (n) => ({ entities: Array.from({ length: n }, (_, i) => ({ name: `e${i}`, entityType: 't', observations: [] })) });

test('two clients of one server at once: nothing of 1,000 interleaved mutations is lost', async (t) => {
  const memory_path = folder();
  const server = await serve(t, { memory_path, max_output_tokens: 200_000 });
  const [a, b] = [await client(t, server), await client(t, server)];
  await call(a, 'create_entities', names(25));
  const expected = await Promise.all([mutate(a, 'a'), mutate(b, 'b')]);
  await holds(b, expected);
  await Promise.all([a.close(), b.close()]);
  await server.close();
  const again = await serve(t, { memory_path, max_output_tokens: 200_000 });
  await holds(await client(t, again), expected);
});

test('two server processes, one writes and one reads: 1,000 mutations of the one, seen by the other', async (t) => {
  const memory_path = folder();
  const args = ['--memory-path', memory_path, '--no-ml', '--max-output-tokens', '200000'];
  const { client: writer } = await spawned(t, ...args);
  await call(writer, 'create_entities', names(25));
  const { client: reader } = await spawned(t, ...args, '--read-only');
  const { tools } = await reader.listTools();
  assert.deepEqual(tools.map((tool) => tool.name).sort(), READING);
  assert.ok(tools.every((tool) => tool.annotations.readOnlyHint));
  const refused = await reader.callTool({ name: 'memory_store', arguments: { content: 'x' } });
  assert.ok(refused.isError, 'a tool that is not offered');
  // the reader asks all the while: whatever it finds is whole
  let asking = true;
  const asked = (async () => {
    let most = 0;
    while (asking) {
      const { entities } = await call(reader, 'read_graph');
      const facts = entities.reduce((sum, e) => sum + e.observations.length, 0);
      assert.ok(facts >= most, `${facts} facts after ${most}`);
      most = facts;
    }
  })();
  const expected = await Promise.all([mutate(writer, 'a'), mutate(writer, 'b')]);
  asking = false;
  await asked;
  for (let tries = 0; ; tries++) {
    // it looks once a second: no call of the protocol asks it to look now
    try {
      await holds(reader, expected);
      break;
    } catch (e) {
      if (tries === 200) throw e;
      await new Promise((later) => setTimeout(later, 50));
    }
  }
  await holds(writer, expected);
});

test('a reading server tells subscribers what the writer changes, and takes in no file', async (t) => {
  const memory_path = folder();
  const writing = await serve(t, { memory_path });
  const writer = await client(t, writing);
  await call(writer, 'create_entities', names(1));
  const reading = await serve(t, { memory_path, config: { read_only: true, refresh_interval_ms: 10 } });
  const reader = await client(t, reading);
  const told = new Promise((heard) => (reader.fallbackNotificationHandler = async (n) => n.method === 'notifications/resources/updated' && heard(n.params.uri)));
  await reader.subscribeResource({ uri: 'memory://knowledge-graph' });
  await call(writer, 'create_entities', { entities: [{ name: 'new', entityType: 't', observations: ['fact'] }] });
  assert.equal(await told, 'memory://knowledge-graph');
  const { contents } = await reader.readResource({ uri: 'memory://knowledge-graph' });
  assert.match(contents[0].text, /fact/);
  const config = { memory_path, enable_ml: false, read_only: true, refresh_interval_ms: 10 };
  for (const [writes, remedy] of [[{ import_graph: 'file.jsonl' }, /import with the server that writes/], [{ spike_paths: ['spikes'] }, /name them to the server that writes/]]) {
    await assert.rejects(startMcpServer({ config, ...writes, port: 0, token: TOKEN }), (e) => e.code === 'READ_ONLY' && remedy.test(e.message));
  }
  // the store's own folder of spikes is for whoever writes
  await (await startMcpServer({ config: { ...config, spike_templates_path: memory_path }, port: 0, token: TOKEN })).close();
});

test('a change that is many chunks is told once by what follows a writer', async (t) => {
  const memory_path = folder();
  const writer = new KnowledgeGraph(await open(t, { memory_path }));
  const bridge = await open(t, { memory_path, read_only: true, refresh_interval_ms: 0 });
  const graph = new KnowledgeGraph(bridge);
  let told = 0;
  graph.onChange(() => told++);
  const end = follow(bridge, graph);
  let seen;
  bridge.on('ChunkStored', () => seen());
  const chunks = (count) => new Promise((all) => (seen = () => --count === 0 && all()));
  const awake = setInterval(() => undefined, 1_000); // listening does not keep a process alive
  t.after(() => clearInterval(awake));
  t.mock.timers.enable({ apis: ['setTimeout'] }); // what is told later is told when we say so
  const change = async (name) => {
    const all = chunks(4);
    await writer.createEntities([{ name, entityType: 't', observations: ['a', 'b', 'c'] }]);
    assert.equal(await bridge.refresh(), true);
    await all;
    for (let i = 0; i < 5; i++) t.mock.timers.tick(100);
  };
  await change('first');
  assert.equal(told, 1);
  await change('second');
  assert.equal(told, 2);
  end();
  await change('third');
  assert.equal(told, 2);
});

test('memory_stats says how old the view of a reading server is', async (t) => {
  const memory_path = folder();
  const writer = await client(t, await serve(t, { memory_path }));
  assert.equal((await call(writer, 'memory_stats')).follow, null);
  const reader = await client(t, await serve(t, { memory_path, config: { read_only: true } }));
  const { follow: view } = await call(reader, 'memory_stats');
  assert.ok(view.looks >= 0 && view.age_ms >= 0 && view.reloads === 0, JSON.stringify(view));
});
