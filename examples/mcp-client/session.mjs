#!/usr/bin/env node
// A session of the official MCP client with the server, over standard streams.   node examples/mcp-client/session.mjs [folder of the store]
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const server = join(dirname(createRequire(import.meta.url).resolve('fluorite-bridge/mcp')), 'main.js');
const given = process.argv[2];
const memory = given ?? mkdtempSync(join(tmpdir(), 'fluorite-mcp-'));

const client = new Client({ name: 'example', version: '1.0.0' });
await client.connect(new StdioClientTransport({ command: process.execPath, args: [server, '--memory-path', memory] }));
try {
  const { name, version } = client.getServerVersion();
  const { tools } = await client.listTools();
  console.log(`${name} ${version}: ${tools.map((tool) => tool.name).join(', ')}`);

  await call('memory_store', { content: 'Deploys go out on Tuesdays; the runbook is docs/deploy.md', tags: ['ops'] });
  await call('memory_store', { content: 'The staging database is PostgreSQL 16 on port 5433', tags: ['ops'] });
  const { hits } = await call('memory_search', { query: 'when do we release?', limit: 1 });
  console.log('search:', hits[0].content);
  const { text } = await call('memory_context', { query: 'which database do we use', budget_tokens: 300 });
  console.log('context:', JSON.stringify(text));

  await call('create_entities', { entities: [
    { name: 'Ann', entityType: 'person', observations: ['leads the platform team'] },
    { name: 'Phoenix', entityType: 'project', observations: ['deadline is in March'] },
  ] });
  await call('create_relations', { relations: [{ from: 'Ann', to: 'Phoenix', relationType: 'owns' }] });
  const { relations } = await call('search_nodes', { query: 'phoenix' });
  console.log('graph:', relations.map((r) => `${r.from} ${r.relationType} ${r.to}`).join(', '));
} finally {
  await client.close();
  if (given === undefined) rmSync(memory, { recursive: true, force: true });
}

/** Calls a tool; its structured content, or an error with the tool's message. */
async function call(name, args) {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError) throw new Error(result.content[0].text);
  return result.structuredContent;
}
