// examples/fluorite-mcp: discover, auto, preview and explain of real templates on the bridge.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

import { SpikeCatalog } from '../examples/fluorite-mcp/catalog.mjs';
import { scan } from '../examples/fluorite-mcp/scan.mjs';
import { folder, open, rejects, root } from './helpers.mjs';

const example = join(root, 'examples', 'fluorite-mcp');
const spikes = join(root, 'examples', 'spikes');
const memory_path = folder(); // learned once: the templates' vectors take a while

test('the catalog over the sample of real templates', async (t) => {
  const catalog = new SpikeCatalog(await open(t, { enable_ml: true, memory_path }), spikes);
  const { stored } = await catalog.learn();
  assert.ok(stored > 250);
  const { selected, alternatives, params } = await catalog.auto({ task: 'photos taken with phones show up sideways after the upload' });
  assert.equal(selected.id, 'sharp-exif-orient-minimal');
  assert.equal(alternatives.length, 4);
  assert.deepEqual(params, ['app_name']);
  const explained = await catalog.explain({ id: 'fastapi-minimal' });
  assert.deepEqual([explained.name, explained.stack, explained.params, explained.file], ['FastAPI Minimal API', ['python', 'fastapi'], ['project_name', 'port'], 'fastapi-minimal.json']);
  assert.match(explained.about, /health endpoint/);
  const { files } = await catalog.preview({ id: 'fastapi-minimal', params: { project_name: 'shop' } });
  assert.deepEqual(files.map((f) => f.path), ['shop/main.py', 'shop/requirements.txt', 'shop/run.sh']);
  assert.match(files[2].content, /--port 8000/);
  for (const project_name of ['../..', '/etc', 'C:', 'a/../../b']) await rejects(catalog.preview({ id: 'fastapi-minimal', params: { project_name } }), 'INVALID_ARGUMENT', /path/);
  await rejects(catalog.preview({ id: 'fastapi-minimal', params: { typo: 'x' } }), 'INVALID_ARGUMENT', /typo/);
  assert.ok((await catalog.preview({ id: 'gha-node-ci' })).files.length > 0, 'its JSON was repaired when it was learned');
  await assert.rejects(catalog.explain({ id: 'no-such' }), /there is no spike no-such/);

  const ids = new Set();
  for (let offset = 0; ; offset += 50) {
    const { items, has_more } = await catalog.discover({ limit: 50, offset });
    for (const { id } of items) ids.add(id);
    if (!has_more) break;
  }
  assert.equal(ids.size, stored, 'discover without a query lists every template once');
  // Every template either renders with its defaults or says which placeholder it cannot fill.
  let rendered = 0;
  for (const id of ids) {
    try {
      await catalog.preview({ id });
      rendered++;
    } catch (e) {
      assert.match(e.message, /unknown placeholder|is required/, id);
    }
  }
  assert.ok(rendered > stored * 0.9, `${rendered} of ${stored}`);
});

test('the scan reads every file', async () => {
  const { read, unreadable, items } = await scan(spikes, 'fastapi pytest');
  assert.equal(read, readdirSync(spikes).filter((n) => n.endsWith('.json')).length);
  assert.ok(unreadable > 0 && items[0].id.includes('pytest'));
});

test('the tools over standard streams, and the demo', async (t) => {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [join(example, 'server.mjs'), memory_path] }));
  const call = async (name, args) => {
    const result = await client.callTool({ name, arguments: args });
    return result.isError ? result.content[0].text : JSON.parse(result.content[0].text);
  };
  assert.equal((await client.listTools()).tools.length, 4);
  assert.equal((await call('discover-spikes', { query: 'prisma soft delete', limit: 3 })).items[0].id, 'prisma-soft-delete-minimal');
  const { selected } = await call('auto-spike', { task: 'prisma soft delete' });
  assert.equal((await call('explain-spike', { id: selected.id })).id, selected.id);
  assert.ok((await call('preview-spike', { id: selected.id })).files.length > 0);
  assert.match(await call('preview-spike', { id: selected.id, params: { typo: 'x' } }), /unknown parameter \\?"typo/);
  await client.close();
  const ran = spawnSync(process.execPath, [join(example, 'demo.mjs'), 'a REST endpoint in Python with a health check', memory_path], { encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /auto: fastapi-minimal; parameters: project_name, port/);
});
