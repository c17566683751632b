// What tools return: bounded by tokens, control characters written out, nothing secret in errors.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { call, client, serve, TOKEN } from './mcp-helpers.mjs';
import { folder, open, root } from './helpers.mjs';

/** No output of a tool costs more than this: the larger of tokens and an eighth of the characters. */
function cost(bridge, text) {
  return Math.max(bridge.countTokens(text), Math.ceil(text.length / 8));
}

const PROSE = 'The quick brown fox jumps over the lazy dog while "quotes", tabs\tand\nline breaks cost more than they look. ';
const TEXTS = [PROSE.repeat(400), 'x'.repeat(200_000), '日本語の文章です。'.repeat(2_000), '\u001b[31m'.repeat(3_000), '🦀'.repeat(5_000), '\n'.repeat(9_000)];

test('outputs stay within their bounds, whatever is stored', async (t) => {
  const bridge = await open(t);
  const c = await client(t, await serve(t, { bridge, max_output_tokens: 4_000 }));
  for (const [i, text] of TEXTS.entries()) await bridge.storeChunk({ id: `long ${i}`, content: `fox ${text}`, tags: [`tag ${'t'.repeat(i * 40)}`], metadata: { note: text.slice(0, 5_000) } });
  const longest = 'i.'.repeat(512);
  await bridge.storeChunk({ id: longest, content: `fox ${PROSE}`, namespace: 'n-'.repeat(500), language: 'l.'.repeat(900), source: 's/'.repeat(4_000) });
  for (let i = 0; i < 40; i++) await bridge.storeChunk({ id: `short ${i}`, content: `fox number ${i} ${PROSE.repeat(i % 4)}` });
  for (const bound of [256, 500, 2_000, 4_000]) {
    for (const [name, args] of [
      ['memory_search', { query: 'fox', limit: 100, max_tokens: bound }], ['memory_context', { query: 'fox', budget_tokens: bound }],
      ...TEXTS.map((_, i) => ['memory_search', { query: 'fox', tags: [`tag ${'t'.repeat(i * 40)}`], max_tokens: bound }]),
      ...TEXTS.map((_, i) => ['memory_get', { id: `long ${i}`, max_tokens: bound }]),
      ['memory_get', { id: longest, namespace: 'n-'.repeat(500), max_tokens: bound }],
    ]) {
      const result = await c.callTool({ name, arguments: args });
      assert.ok(!result.isError, result.content[0].text);
      assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
      const took = cost(bridge, result.content[0].text);
      assert.ok(took <= bound, `${name} ${JSON.stringify(args)}: ${took} of ${bound}`);
      if (bound >= 500 && name === 'memory_search') assert.ok(result.structuredContent.hits.length > 0, `${JSON.stringify(args)} shows something`);
    }
  }
  await assert.rejects(call(c, 'memory_search', { query: 'fox', max_tokens: 4_001 }), /4000/, 'the server\'s bound is the most');
});

test('a long memory can be read to its end in parts', async (t) => {
  const bridge = await open(t);
  const c = await client(t, await serve(t, { bridge }));
  for (const [i, text] of TEXTS.entries()) {
    await bridge.storeChunk({ id: `m${i}`, content: text });
    let [read, offset, parts] = ['', 0, 0];
    while (offset !== null) {
      const part = await call(c, 'memory_get', { id: `m${i}`, offset, max_tokens: 1_000 });
      assert.ok(part.memory.content.length > 0);
      read += part.memory.content;
      offset = part.next_offset;
      parts++;
    }
    assert.equal(read, text.replaceAll('\u001b', '\\u001b'));
    assert.ok(parts > 1);
  }
});

test('a graph over the bound is cut, and says by how much', async (t) => {
  const bridge = await open(t);
  const c = await client(t, await serve(t, { bridge, max_output_tokens: 2_000 }));
  const entities = Array.from({ length: 60 }, (_, i) => ({ name: `E${i}`, entityType: 'thing', observations: Array.from({ length: 20 }, (_, k) => `fact ${k} of ${i}: ${PROSE}`) }));
  const created = await c.callTool({ name: 'create_entities', arguments: { entities } });
  const relations = Array.from({ length: 300 }, (_, i) => ({ from: `E${i % 60}`, to: `E${(i * 7) % 60}`, relationType: `r${i}` }));
  await call(c, 'create_relations', { relations });
  for (const result of [created, ...(await Promise.all([['read_graph', {}], ['search_nodes', { query: 'fact' }], ['open_nodes', { names: ['E3', 'E4'] }]].map(([name, args]) => c.callTool({ name, arguments: args }))))]) {
    assert.ok(!result.isError, result.content[0].text);
    assert.ok(cost(bridge, result.content[0].text) <= 2_000);
    const { entities: shown, truncated } = result.structuredContent;
    assert.ok(shown.length > 0 && truncated.observations > 0);
  }
  const { entities: shown, relations: edges, truncated } = await call(c, 'read_graph');
  assert.equal(shown.length + truncated.entities, 60);
  assert.equal(shown.reduce((sum, e) => sum + e.observations.length, 0) + truncated.observations, 1_200);
  assert.equal(edges.length + truncated.relations, 300);
  assert.ok(edges.length > 0, 'relations have their share');
});

test('the bound of a graph holds, and is used, whatever its shape', async (t) => {
  const bridge = await open(t);
  const shapes = {
    'many small entities': (i) => ({ name: `E${i}`, entityType: 't', observations: [] }),
    'long words, which count by their characters': (i) => ({ name: `E${i}`, entityType: 'x'.repeat(200), observations: ['y'.repeat(300), `${i}`] }),
    'marks, which are all tokens': (i) => ({ name: `E${i}`, entityType: '.;:"\\', observations: ['{}[]()""\n\t'.repeat(5)] }),
    'no spaces in Japanese': (i) => ({ name: `E${i}`, entityType: '人', observations: ['日本語の文章です。'.repeat(3)] }),
  };
  for (const [shape, make] of Object.entries(shapes)) {
    const c = await client(t, await serve(t, { bridge, graph_namespace: shape, max_output_tokens: 3_000 }));
    await call(c, 'create_entities', { entities: Array.from({ length: 400 }, (_, i) => make(i)) });
    await call(c, 'create_relations', { relations: Array.from({ length: 400 }, (_, i) => ({ from: `E${i}`, to: `E${(i * 7) % 400}`, relationType: i % 2 ? 'z'.repeat(150) : '->' })) });
    const result = await c.callTool({ name: 'read_graph', arguments: {} });
    const took = cost(bridge, result.content[0].text);
    assert.ok(took <= 3_000 && took > 2_400, `${shape}: ${took}`);
    assert.ok(result.structuredContent.truncated.entities > 0 && result.structuredContent.relations.length > 0);
  }
});

test('control characters are written out and text is a field of its own', async (t) => {
  const bridge = await open(t);
  const c = await client(t, await serve(t, { bridge }));
  const evil = 'note\u001b[2J\u0007 \u202Egnp.exe \u{E0041}\u{E0042} \u009b31m bell\rover \u2028 tab\tline\r\nend';
  const shown = 'note\\u001b[2J\\u0007 \\u202egnp.exe \\u{e0041}\\u{e0042} \\u009b31m bell\\u000dover \\u2028 tab\tline\r\nend';
  await bridge.storeChunk({ id: 'evil', content: evil, tags: ['t\u001b'], source: 's\u001b', metadata: { 'k\u001b': ['v\u001b'] } });
  const { memory } = await call(c, 'memory_get', { id: 'evil' });
  assert.equal(memory.content, shown);
  assert.deepEqual([memory.tags, memory.source, memory.metadata], [['t\\u001b'], 's\\u001b', { 'k\\u001b': ['v\\u001b'] }]);
  assert.equal((await call(c, 'memory_search', { query: 'note' })).hits[0].content, shown);
  assert.ok(!/[\u001b\u202e\u2028]/.test((await call(c, 'memory_context', { query: 'note' })).text));
  // The graph: what is read can be given back, in either form.
  await call(c, 'create_entities', { entities: [{ name: 'A\u001b', entityType: 't\u0007', observations: [evil, 'b\u001b'] }] });
  const graph = await call(c, 'read_graph');
  assert.deepEqual(graph.entities, [{ name: 'A\\u001b', entityType: 't\\u0007', observations: [shown, 'b\\u001b'] }]);
  await call(c, 'delete_observations', { deletions: [{ entityName: 'A\\u001b', observations: [shown] }, { entityName: 'A\u001b', observations: ['b\u001b'] }] });
  assert.deepEqual((await call(c, 'open_nodes', { names: ['A\u001b'] })).entities, [{ name: 'A\\u001b', entityType: 't\\u0007', observations: [] }]);
});

test('no error tells a secret, and all have a code or say what is expected', async (t) => {
  const canary = 'canary-5f1c';
  const lines = [];
  const spikes = folder();
  mkdirSync(join(spikes, 'inside'));
  symlinkSync(root, join(spikes, 'link'));
  const bridge = await open(t);
  const c = await client(t, await serve(t, { bridge, spike_paths: [spikes], logger: (line) => lines.push(line) }));
  await call(c, 'memory_store', { id: 'secret', content: `${canary} stored` });
  await call(c, 'create_entities', { entities: [{ name: 'N', entityType: 't', observations: [canary] }] });
  const rows = [
    ['memory_store', { content: `${canary}${'x'.repeat(1 << 20)}` }, 'CHUNK_TOO_LARGE'],
    ['memory_store', { content: canary, chunk_type: canary }], ['memory_store', { content: canary, quality_score: 2 }], ['memory_store', { content: '', id: canary }],
    ['memory_store', { content: `${canary}\ud800` }], ['memory_store', { content: canary, unknown: 1 }],
    ['memory_store', { content: canary, namespace: 'knowledge-graph' }, 'INVALID_ARGUMENT'], ['memory_delete', { id: 'x', namespace: 'knowledge-graph' }, 'INVALID_ARGUMENT'],
    ['memory_search', { query: 'stored', mode: canary }], ['memory_search', { query: 'stored', mode: 'vector' }, 'INVALID_ARGUMENT'], ['memory_search', { query: 'stored', limit: 0 }],
    ['memory_get', { id: 'y'.repeat(2_000) }, 'INVALID_ID'], ['add_observations', { observations: [{ entityName: 'Ghost', contents: [canary] }] }, 'NOT_FOUND'],
    ['create_entities', { entities: [{ name: 'M', entityType: 't', observations: [`${canary}${'x'.repeat(1 << 20)}`] }] }, 'CHUNK_TOO_LARGE'],
    ['create_entities', { entities: [{ name: canary }] }], ['no_such_tool', { canary }],
    ['memory_feedback', { id: 'none', kind: 'success', comment: canary }, 'NOT_FOUND'], ['memory_feedback', { id: 'secret', kind: canary }],
    ['memory_feedback', { id: 'secret', kind: 'rating', comment: canary }, 'INVALID_ARGUMENT'], ['memory_feedback', { id: 'secret', kind: 'usage', correction: canary }, 'INVALID_ARGUMENT'],
    ['memory_feedback', { id: 'x', namespace: 'knowledge-graph', kind: 'correction', correction: canary }, 'INVALID_ARGUMENT'],
    ['learn_spikes', { path: '..' }, 'INVALID_ARGUMENT'], ['learn_spikes', { path: root }, 'INVALID_ARGUMENT'], ['learn_spikes', { path: 'link' }, 'INVALID_ARGUMENT'],
    ['learn_spikes', { path: 'inside/../..' }, 'INVALID_ARGUMENT'], ['learn_spikes', { path: 'missing' }, 'INVALID_ARGUMENT'],
  ];
  for (const [name, args, code] of rows) {
    const result = await c.callTool({ name, arguments: args });
    const text = JSON.stringify(result);
    assert.equal(result.isError, true, `${name} ${text}`);
    assert.ok(!text.includes(canary) && !text.includes(TOKEN), `${name}: ${text}`);
    assert.doesNotMatch(result.content[0].text, /\n\s+at /);
    if (code) assert.equal(result._meta['fluorite/code'], code);
  }
  assert.ok(!lines.join('\n').includes(canary) && !lines.join('\n').includes(TOKEN));
  const learned = await call(c, 'learn_spikes', { path: 'inside' });
  assert.equal(learned.found, 0);
  assert.equal((await bridge.getStats()).chunks, 3, 'nothing else was stored');
});
