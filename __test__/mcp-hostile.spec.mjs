// Every field of every tool with values nobody should send: an answer or an error that says what is wrong, never a defect of ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { call, client, serve } from './mcp-helpers.mjs';
import { folder } from './helpers.mjs';

const HOSTILE = [
  null, 0, -1, 1e308, true, '', ' ', '\u0000', '\ud800', '../../etc/passwd', 'x'.repeat(70_000), '__proto__', [], [[]], [null], ['\udfff'], {}, { __proto__: null, constructor: 1 },
  [{ name: '', entityType: '', observations: [''] }], [{ name: '\ud800', entityType: 'x', observations: [] }], [{ from: '\u0000', to: '', relationType: '__proto__' }],
  [{ entityName: 'toString', contents: [] }], [{ entityName: 'constructor', observations: ['__proto__'] }], { a: { b: { c: [{}] } } },
];
const PLAIN = { query: 'x', id: 'x', content: 'x', kind: 'usage', entities: [], relations: [], observations: [], entityNames: [], deletions: [], names: [] };

test('hostile values', async (t) => {
  const lines = [];
  const c = await client(t, await serve(t, { spike_paths: [folder()], logger: (line) => lines.push(line) }));
  const { tools } = await c.listTools();
  let calls = 0;
  for (const { name, inputSchema } of tools) {
    const plain = Object.fromEntries((inputSchema.required ?? []).map((key) => [key, PLAIN[key]]));
    for (const key of [...Object.keys(inputSchema.properties), 'unknown key']) {
      const results = await Promise.all(HOSTILE.map((value) => c.callTool({ name, arguments: { ...plain, [key]: value } }).catch((e) => e)));
      for (const [i, result] of results.entries()) {
        calls++;
        const shown = `${name} ${key} ${JSON.stringify(HOSTILE[i]).slice(0, 80)}: ${JSON.stringify(result).slice(0, 300)}`;
        assert.ok(!(result instanceof Error), `${shown} ${result}`);
        assert.notEqual(result._meta?.['fluorite/code'], 'INTERNAL', shown);
        if (result.isError) assert.ok(result.content[0].text.length > 20, shown);
        else assert.ok(result.structuredContent, shown);
      }
    }
  }
  assert.ok(calls > 1_000, `${calls} calls`);
  assert.deepEqual(lines, [], 'nothing to tell the operator');
  await call(c, 'memory_stats');
});

test('a query that says nothing is refused, and says why', async (t) => {
  const c = await client(t, await serve(t));
  for (const query of ['   ', '\u200b', '\n']) {
    for (const name of ['memory_search', 'memory_context']) {
      const result = await c.callTool({ name, arguments: { query } });
      assert.ok(result.isError, name);
      assert.equal(result._meta['fluorite/code'], 'INVALID_ARGUMENT');
      assert.match(result.content[0].text, /query is blank .*say in words what to look for/);
    }
  }
});
