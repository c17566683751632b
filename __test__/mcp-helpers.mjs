// Shared by the specs of the MCP server: servers and the official client.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { importGraph, KnowledgeGraph, startMcpServer } from 'fluorite-bridge/mcp';
import { join } from 'node:path';

import { folder, root } from './helpers.mjs';

export { importGraph, KnowledgeGraph, startMcpServer };
export const TOKEN = 'a-token-for-the-tests-0123456789';
export const main = join(root, 'mcp', 'main.js');

/** A server over HTTP on an empty store, words only unless told otherwise. Closed when the test ends. */
export async function serve(t, { memory_path = folder(), enable_ml = false, config = {}, ...options } = {}) {
  const store = options.bridge ? {} : { config: { memory_path, enable_ml, ...config } };
  const server = await startMcpServer({ port: 0, token: TOKEN, ...store, ...options });
  t.after(() => server.close());
  return server;
}

/** The official client, connected to a server over HTTP. */
export async function client(t, server, token = TOKEN) {
  const connected = new Client({ name: 'test', version: '1.0.0' });
  const headers = { Authorization: `Bearer ${token}` };
  await connected.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } }));
  t.after(() => connected.close());
  return connected;
}

/** The official client, connected to a server process over its standard streams. `stderr` collects what the process says there. */
export async function spawned(t, ...args) {
  const connected = new Client({ name: 'test', version: '1.0.0' });
  const transport = new StdioClientTransport({ command: process.execPath, args: [main, ...args], stderr: 'pipe' });
  const told = { text: '' };
  transport.stderr.on('data', (d) => (told.text += d));
  t.after(() => connected.close());
  await connected.connect(transport);
  return { client: connected, transport, told };
}

/** The official client, connected to a reference memory server with an empty file. */
export async function reference(t, path) {
  const connected = new Client({ name: 'test', version: '1.0.0' });
  const env = { ...process.env, MEMORY_FILE_PATH: join(folder(), 'memory.jsonl') };
  await connected.connect(new StdioClientTransport({ command: process.execPath, args: [path], env, stderr: 'ignore' }));
  t.after(() => connected.close());
  return connected;
}

/** Calls a tool; resolves with its structured content, or throws the text of its error. */
export async function call(connected, name, args = {}) {
  const result = await connected.callTool({ name, arguments: args });
  if (result.isError) throw Object.assign(new Error(result.content[0].text), { code: result._meta?.['fluorite/code'] });
  return result.structuredContent;
}
