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
  await rejects(importGraph(graph, join(folder(), 'missing.jsonl')), 'IO', /missing/);
});

test('a server takes a file in before it serves', async (t) => {
  const lines = [];
  const server = await serve(t, { import_graph: file([entity('Alice', 'a'), '{']), logger: (line) => lines.push(line) });
  assert.deepEqual((await call(await client(t, server), 'read_graph')).entities.map((e) => e.name), ['Alice']);
  assert.match(lines.join('\n'), /imported 1 entities, 1 observations, 0 relations; 1 bad lines\nline 2: not JSON/);
});
