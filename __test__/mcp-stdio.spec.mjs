// The server as a process: the official client over standard streams, nothing else on the output, one process per store.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { FluoriteBridge } from 'fluorite-bridge';

import { call, client, main, spawned, TOKEN } from './mcp-helpers.mjs';
import { folder, root } from './helpers.mjs';

const TOOLS = [
  'memory_store', 'memory_search', 'memory_context', 'memory_get', 'memory_delete', 'memory_feedback', 'learn_spikes', 'memory_stats',
  'create_entities', 'create_relations', 'add_observations', 'delete_entities', 'delete_observations', 'delete_relations', 'read_graph', 'search_nodes', 'open_nodes',
];

/** A process that gets these lines and the end of its input; resolves with how it ended. */
function piped(lines, ...args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [main, ...args]);
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (d) => (out.stdout += d));
    child.stderr.on('data', (d) => (out.stderr += d));
    child.on('close', (code, signal) => done({ ...out, code, signal }));
    child.stdin.end(lines.map((l) => `${JSON.stringify(l)}\n`).join(''));
  });
}

const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '0' } } };

test('initialize, list, and every tool once', async (t) => {
  const { client: c, transport, told } = await spawned(t, '--memory-path', folder(), '--no-ml', '--spikes', join(root, 'examples', 'spikes'));
  assert.equal(c.getServerVersion().name, 'fluorite');
  assert.match(c.getInstructions(), /never follow instructions/);
  assert.ok(c.getServerCapabilities().resources.subscribe);
  const { tools } = await c.listTools();
  assert.deepEqual(tools.map((x) => x.name).sort(), [...TOOLS].sort());
  for (const tool of tools) {
    assert.equal(tool.inputSchema.type, 'object');
    assert.equal(tool.outputSchema.type, 'object', `${tool.name} has an output schema`);
    const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = tool.annotations;
    for (const hint of [readOnlyHint, destructiveHint, idempotentHint, openWorldHint]) assert.equal(typeof hint, 'boolean');
    assert.ok(!(readOnlyHint && destructiveHint));
    assert.equal(destructiveHint, /delete|memory_store|feedback|learn/.test(tool.name), tool.name);
  }

  const { id } = await call(c, 'memory_store', { content: 'The deploy key lives in the vault', tags: ['ops'], metadata: { owner: 'Ann' } });
  const found = await call(c, 'memory_search', { query: 'where is the deploy key', tags: ['ops'], domain: 'ops' });
  assert.deepEqual(found.hits.map((h) => h.id), [id]);
  assert.equal(found.hits[0].content, 'The deploy key lives in the vault');
  const context = await call(c, 'memory_context', { query: 'deploy key', budget_tokens: 300 });
  assert.equal(context.chunks, 1);
  assert.match(context.text, /vault/);
  const { memory } = await call(c, 'memory_get', { id });
  assert.deepEqual([memory.content, memory.metadata, memory.version], ['The deploy key lives in the vault', { owner: 'Ann' }, 1]);
  assert.deepEqual(await call(c, 'memory_feedback', { id, kind: 'success', query: 'deploy key' }), { recorded: true });
  assert.deepEqual(await call(c, 'memory_feedback', { id, kind: 'correction', correction: 'The deploy key lives in the safe' }), { recorded: true });
  const corrected = (await call(c, 'memory_get', { id })).memory;
  assert.deepEqual([corrected.content, corrected.metadata, corrected.version], ['The deploy key lives in the safe', { owner: 'Ann' }, 2]);
  assert.deepEqual(await call(c, 'memory_delete', { id }), { deleted: true });
  assert.deepEqual(await call(c, 'memory_delete', { id }), { deleted: false });
  assert.equal((await call(c, 'memory_get', { id })).memory, null);
  const progress = [];
  const learned = await c.callTool({ name: 'learn_spikes', arguments: {} }, undefined, { onprogress: (p) => progress.push(p) });
  assert.ok(learned.structuredContent.stored > 250, JSON.stringify(learned));
  assert.ok(progress.length > 0, 'progress is told');
  const stats = await call(c, 'memory_stats');
  assert.equal(stats.chunks, learned.structuredContent.stored);
  assert.equal(stats.health.status, 'ok');

  await call(c, 'create_entities', { entities: [{ name: 'A', entityType: 't', observations: ['o'] }, { name: 'B', entityType: 't', observations: [] }] });
  await call(c, 'create_relations', { relations: [{ from: 'A', to: 'B', relationType: 'knows' }] });
  await call(c, 'add_observations', { observations: [{ entityName: 'B', contents: ['p'] }] });
  await call(c, 'delete_observations', { deletions: [{ entityName: 'A', observations: ['o'] }] });
  assert.equal((await call(c, 'open_nodes', { names: ['A'] })).relations.length, 1);
  assert.deepEqual((await call(c, 'search_nodes', { query: 'p' })).entities.map((e) => e.name), ['B']);
  await call(c, 'delete_relations', { relations: [{ from: 'A', to: 'B', relationType: 'knows' }] });
  await call(c, 'delete_entities', { entityNames: ['A'] });
  const graph = { entities: [{ name: 'B', entityType: 't', observations: ['p'] }], relations: [] };
  assert.deepEqual(await call(c, 'read_graph'), graph);
  const { resources } = await c.listResources();
  assert.deepEqual(resources.map((r) => r.uri), ['memory://knowledge-graph']);
  const { contents } = await c.readResource({ uri: 'memory://knowledge-graph' });
  assert.deepEqual(JSON.parse(contents[0].text), graph);

  const { pid } = transport;
  await c.close();
  assert.ok(pid > 0);
  assert.doesNotMatch(told.text, /rror/);
});

test('what was asked before the input ended is answered, and the output holds messages alone', async () => {
  const calls = Array.from({ length: 20 }, (_, i) => ({ jsonrpc: '2.0', id: i + 2, method: 'tools/call', params: { name: 'memory_store', arguments: { content: `note ${i}`, id: `n${i}` } } }));
  const memory = folder();
  const ended = await piped([initialize, { jsonrpc: '2.0', method: 'notifications/initialized' }, ...calls], '--memory-path', memory, '--no-ml');
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
  const messages = ended.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(messages.map((m) => m.id).sort((a, b) => a - b), Array.from({ length: 21 }, (_, i) => i + 1));
  assert.equal(messages[0].result.serverInfo.name, 'fluorite');
  assert.ok(messages.slice(1).every((m) => m.result.isError === undefined));
});

test('a client that sends too large a message is cut off: a line says so, the exit code too, and what was acknowledged is there', async () => {
  const memory = folder();
  const child = spawn(process.execPath, [main, '--memory-path', memory, '--no-ml']);
  let told = '';
  child.stderr.on('data', (d) => (told += d));
  child.stdin.on('error', () => undefined); // it stops reading
  const ended = new Promise((done) => child.on('close', (code, signal) => done([code, signal])));
  const store = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'memory_store', arguments: { id: 'kept', content: 'kept' } } };
  child.stdin.write([initialize, { jsonrpc: '2.0', method: 'notifications/initialized' }, store].map((l) => `${JSON.stringify(l)}\n`).join(''));
  await new Promise((answered) => child.stdout.on('data', (d) => String(d).includes('"id":2') && answered()));
  child.stdin.write(`${JSON.stringify({ ...store, id: 3, params: { name: 'memory_store', arguments: { content: 'x'.repeat(11 << 20) } } })}\n`);
  assert.deepEqual(await ended, [1, null], told);
  assert.match(told, /larger than 10485760 bytes.*send less/);
  assert.doesNotMatch(told, /\n\s+at /, 'no stack trace');
  const bridge = await FluoriteBridge.open({ memory_path: memory, enable_ml: false });
  assert.equal((await bridge.getChunk('kept')).content, 'kept');
  await bridge.shutdown();
});

test('a client that stops reading: the process ends as after a hang-up, without a crash', async () => {
  const memory = folder();
  const child = spawn(process.execPath, [main, '--memory-path', memory, '--no-ml']);
  let told = '';
  child.stderr.on('data', (d) => (told += d));
  child.stdin.on('error', () => undefined);
  const ended = new Promise((done) => child.on('close', (code, signal) => done([code, signal])));
  child.stdin.write(`${JSON.stringify(initialize)}\n`);
  await new Promise((answered) => child.stdout.once('data', answered));
  child.stdout.destroy();
  for (let i = 0; i < 500; i++) child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: i + 2, method: 'tools/call', params: { name: 'memory_store', arguments: { id: `w${i}`, content: `w${i}` } } })}\n`);
  assert.deepEqual(await ended, [0, null], told);
  assert.match(told, /^fluorite mcp: serving on standard input and output\n$/);
});

test('a second process on the same store fails with STORE_LOCKED and names the first', async (t) => {
  const memory = folder();
  const { client: c, transport } = await spawned(t, '--memory-path', memory, '--no-ml');
  const second = await piped([initialize], '--memory-path', memory, '--no-ml');
  assert.equal(second.code, 1);
  assert.equal(second.stdout, '');
  assert.match(second.stderr, /STORE_LOCKED/);
  assert.match(second.stderr, new RegExp(`\\b${transport.pid}\\b`));
  assert.doesNotMatch(second.stderr, /\n\s+at /, 'no stack trace');
  await call(c, 'memory_store', { content: 'the first goes on' });
});

test('SIGTERM ends the process, and what was acknowledged is there', async (t) => {
  const memory = folder();
  const { client: c, transport } = await spawned(t, '--memory-path', memory, '--no-ml');
  await call(c, 'create_entities', { entities: [{ name: 'Kept', entityType: 't', observations: [] }] });
  const closed = new Promise((done) => (c.onclose = done));
  process.kill(transport.pid, 'SIGTERM');
  await closed;
  const { client: again } = await spawned(t, '--memory-path', memory, '--no-ml');
  assert.deepEqual((await call(again, 'read_graph')).entities.map((e) => e.name), ['Kept']);
});

test('killed in the middle of mutations of two clients: every acknowledged one is there', async (t) => {
  const memory = folder();
  const child = spawn(process.execPath, [main, '--memory-path', memory, '--no-ml', '--port', '0'], { env: { ...process.env, FLUORITE_MCP_TOKEN: TOKEN } });
  const url = await new Promise((found) => {
    let text = '';
    child.stderr.on('data', (d) => {
      text += d;
      const [, at] = /serving on (\S+)\n/.exec(text) ?? [];
      if (at) found(at);
    });
  });
  const ended = new Promise((done) => child.on('close', done));
  const clients = [await client(t, { url }), await client(t, { url })];
  await call(clients[0], 'create_entities', { entities: [{ name: 'E', entityType: 't', observations: [] }] });
  const acknowledged = [];
  const lane = async (who) => {
    for (let i = 0; ; i++) {
      const text = `${who}-${i}`;
      await call(clients[who], 'add_observations', { observations: [{ entityName: 'E', contents: [text, `${text} twin`] }] });
      acknowledged.push(text);
      if (acknowledged.length === 60) child.kill('SIGKILL');
    }
  };
  const lanes = Promise.allSettled([lane(0), lane(1)]);
  await ended;
  for (const c of clients) await c.close(); // what waits for an answer that will not come
  await lanes;
  assert.ok(acknowledged.length >= 60);
  const { client: again } = await spawned(t, '--memory-path', memory, '--no-ml');
  const [{ observations }] = (await call(again, 'read_graph')).entities;
  const there = new Set(observations);
  for (const text of acknowledged) assert.ok(there.has(text), text);
  for (const text of there) assert.ok(text.endsWith(' twin') ? there.has(text.slice(0, -5)) : there.has(`${text} twin`), 'a call is there whole or not at all');
});
