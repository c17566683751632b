#!/usr/bin/env node
// fluorite-mcp's four tools for spike templates as an MCP server on the bridge, over standard streams.
//   node examples/fluorite-mcp/server.mjs <folder of the store> [folder of spikes]
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

import { FluoriteBridge } from 'fluorite-bridge';

import { SpikeCatalog } from './catalog.mjs';

const [memory_path, spikes = join(dirname(fileURLToPath(import.meta.url)), '..', 'spikes')] = process.argv.slice(2);
if (!memory_path) {
  console.error('node examples/fluorite-mcp/server.mjs <folder of the store> [folder of spikes]');
  process.exit(1);
}

const bridge = await FluoriteBridge.open({ memory_path });
const catalog = new SpikeCatalog(bridge, resolve(spikes));
await catalog.learn();

const server = new McpServer({ name: 'fluorite-mcp-spikes', version: '1.0.0' });
const readOnly = { annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false } };
const id = z.string().describe('Id of a template, as discover-spikes and auto-spike tell it');
const tools = {
  'discover-spikes': ['Lists spike templates, for a query best first', { query: z.string().optional(), limit: z.number().int().min(1).max(50).optional(), offset: z.number().int().min(0).max(900).optional() }, (a) => catalog.discover(a)],
  'auto-spike': ['Chooses the spike template for a task', { task: z.string().min(1) }, (a) => catalog.auto(a)],
  'preview-spike': ['The files a spike template writes, with these values and its defaults', { id, params: z.record(z.string()).optional() }, (a) => catalog.preview(a)],
  'explain-spike': ['What a spike template is', { id }, (a) => catalog.explain(a)],
};
for (const [name, [description, inputSchema, run]] of Object.entries(tools)) {
  server.registerTool(name, { description, inputSchema, ...readOnly }, async (args) => ({ content: [{ type: 'text', text: JSON.stringify(await run(args), null, 2) }] }));
}

process.stdin.once('close', async () => {
  await server.close();
  await bridge.shutdown();
});
await server.connect(new StdioServerTransport());
