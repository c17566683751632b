// Taking in the file of a reference memory server.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { call, client, importGraph, KnowledgeGraph, serve } from './mcp-helpers.mjs';
import { folder, open, rejects } from './helpers.mjs';

const entity = (name, ...observations) => ({ type: 'entity', name, entityType: 'person', observations });
const relation = (from, to) => ({ type: 'relation', from, to, relationType: 'knows' });

function file(lines) {
  const path = join(folder(), 'memory.jsonl');
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

test('a file comes in, bad lines are told and nothing else is lost', async (t) => {
  const path = file([
    entity('Alice', 'a', 'b'), '', relation('Alice', 'Bob'), '{"type":"entity","name":"cut off', entity('Bob'), 'null', '[]', '{"type":"note"}',
    { type: 'entity', name: 'no type', observations: [] }, { type: 'entity', name: 1, entityType: 't', observations: 'x' }, { type: 'relation', from: 'Alice' },
    entity('Alice', 'b', 'c'), relation('Alice', 'Bob'), '   ',
  ]);
  const graph = new KnowledgeGraph(await open(t));
  const report = await importGraph(graph, path);
  assert.deepEqual(report.bad_lines.map((b) => b.line), [4, 6, 7, 8, 9, 10, 11]);
  assert.ok(report.bad_lines.every((b) => b.reason.length > 3));
  assert.deepEqual({ ...report, bad_lines: 0 }, { lines: 12, entities: 2, observations: 3, relations: 1, bad: 7, bad_lines: 0 });
  const there = { entities: [{ name: 'Alice', entityType: 'person', observations: ['a', 'b', 'c'] }, { name: 'Bob', entityType: 'person', observations: [] }], relations: [{ from: 'Alice', to: 'Bob', relationType: 'knows' }] };
  assert.deepEqual(await graph.readGraph(), there);
  const again = await importGraph(graph, path);
  assert.deepEqual([again.entities, again.observations, again.relations], [0, 0, 0], 'a second time changes nothing');
  assert.deepEqual(await graph.readGraph(), there);
});

test('a long file comes in by steps, with progress, and stops when told to', async (t) => {
  const lines = [];
  for (let i = 0; i < 1_200; i++) lines.push(entity(`E${i}`, `fact ${i}`), relation(`E${i}`, `E${(i * 7) % 1_200}`));
  const path = file(lines);
  const graph = new KnowledgeGraph(await open(t));
  const seen = [];
  const report = await importGraph(graph, path, { on_progress: (p) => seen.push(p.done) });
  assert.deepEqual([report.entities, report.observations, report.relations, report.bad], [1_200, 1_200, 1_200, 0]);
  assert.deepEqual(seen, [500, 1_000, 1_500, 2_000, 2_400]);
  const stop = new AbortController();
  const other = new KnowledgeGraph(await open(t));
  await rejects(importGraph(other, path, { signal: stop.signal, on_progress: () => stop.abort() }), 'ABORTED');
  assert.equal((await other.readGraph()).entities.length, 250, 'the first step stays');
  await rejects(importGraph(graph, join(folder(), 'missing.jsonl')), 'NOT_FOUND', /missing.*check the path/);
  await rejects(importGraph(graph, folder()), 'INVALID_ARGUMENT', /a folder; name a file/);
});

test('lines the store refuses, a mark at the start, bytes that are no UTF-8: told by their number, and the rest comes in', async (t) => {
  const path = join(folder(), 'memory.jsonl');
  const lines = Array.from({ length: 1_100 }, (_, i) => Buffer.from(JSON.stringify(entity(`E${i}`, `fact ${i}`))));
  const half = '{"type":"entity","name":"half","entityType":"t","observations":["kept out","\\ud83d"]}';
  const hostile = new Map([
    [7, half], [8, half], [300, JSON.stringify(entity('big', 'x'.repeat(3 << 20)))], [301, JSON.stringify(entity('n'.repeat(3 << 20)))], [302, JSON.stringify(relation('E1', 'n'.repeat(3 << 20)))],
    [303, '{"type":"relation","from":"\\udc00","to":"E1","relationType":"knows"}'], [700, Buffer.concat([Buffer.from('{"type":"entity","name":"caf'), Buffer.from([0xe9]), Buffer.from('","entityType":"t","observations":[]}')])],
    [1_100, '{"type":"entity","name":"E1","entityType":"t","observations":["\\ud83d"]}'],
  ]);
  for (const [number, line] of hostile) lines[number - 1] = Buffer.from(line);
  lines[9] = Buffer.from(JSON.stringify(entity('U', 'one\u2028two')));
  lines[10] = Buffer.from(JSON.stringify(relation('E1', 'E2')));
  writeFileSync(path, Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), ...lines.flatMap((line) => [line, Buffer.from('\n')])]));
  const graph = new KnowledgeGraph(await open(t));
  const report = await importGraph(graph, path);
  assert.deepEqual(report.bad_lines.map((b) => b.line), [...hostile.keys()]);
  const reasons = Object.fromEntries(report.bad_lines.map((b) => [b.line, b.reason]));
  assert.match(reasons[7], /surrogate.*INVALID_ARGUMENT/);
  for (const number of [300, 301, 302]) assert.match(reasons[number], /larger.*CHUNK_TOO_LARGE/);
  assert.match(reasons[700], /UTF-8/);
  const good = 1_100 - hostile.size - 1;
  assert.deepEqual({ ...report, bad_lines: 0 }, { lines: 1_100, entities: good, observations: good, relations: 1, bad: hostile.size, bad_lines: 0 });
  const { entities, relations } = await graph.readGraph();
  assert.deepEqual([entities.length, relations.length], [good, 1]);
  assert.ok(['E0', 'E1', 'U'].every((name) => entities.some((e) => e.name === name && e.observations.length === 1)));
  const again = await importGraph(graph, path);
  assert.deepEqual([again.entities, again.observations, again.relations, again.bad], [0, 0, 0, hostile.size]);
});

test('a bad line among many facts costs no count of the others', async (t) => {
  const many = (name) => entity(name, ...Array.from({ length: 6_000 }, (_, i) => `${name} ${i}`));
  const path = file([many('A'), many('B'), '{"type":"entity","name":"half","entityType":"t","observations":["\\ud83d"]}', many('C')]);
  const report = await importGraph(new KnowledgeGraph(await open(t)), path);
  assert.deepEqual([report.entities, report.observations, report.bad_lines.map((b) => b.line)], [3, 18_000, [3]]);
});

test('a server takes a file in before it serves', async (t) => {
  const lines = [];
  const server = await serve(t, { import_graph: file([entity('Alice', 'a'), '{', entity('\ud83d')]), logger: (line) => lines.push(line) });
  assert.deepEqual((await call(await client(t, server), 'read_graph')).entities.map((e) => e.name), ['Alice']);
  assert.match(lines.join('\n'), /imported 1 entities, 1 observations, 0 relations; 2 bad lines\nline 2: not JSON\nline 3: /);
});
