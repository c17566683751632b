// The adapters of the installed package: the Nest example as a process, the MCP server with every tool, the command line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { installed } from './pack-install.mjs';
import { clean, root, run } from './pack-run.mjs';

/** Arguments of each MCP tool, in the order they are called. */
const CALLS = {
  memory_store: { id: 'a', content: 'Deploys go out on Tuesdays' },
  memory_search: { query: 'deploys' },
  memory_context: { query: 'deploys', budget_tokens: 300 },
  memory_get: { id: 'a' },
  memory_feedback: { id: 'a', kind: 'success', query: 'deploys' },
  memory_feedback: { id: 'a', kind: 'success', query: 'deploys' },
  memory_stats: {},
  learn_spikes: {},
  create_entities: { entities: [{ name: 'Ann', entityType: 'person', observations: ['leads'] }, { name: 'Phoenix', entityType: 'project', observations: [] }] },
  create_relations: { relations: [{ from: 'Ann', to: 'Phoenix', relationType: 'owns' }] },
  add_observations: { observations: [{ entityName: 'Ann', contents: ['likes tea'] }] },
  read_graph: {},
  search_nodes: { query: 'ann' },
  open_nodes: { names: ['Ann'] },
  delete_observations: { deletions: [{ entityName: 'Ann', observations: ['likes tea'] }] },
  delete_relations: { relations: [{ from: 'Ann', to: 'Phoenix', relationType: 'owns' }] },
  delete_entities: { entityNames: ['Phoenix'] },
  memory_delete: { id: 'a' },
};

/** A session of the official client: initialize, then every tool the server lists. */
export async function mcp(app, work) {
  const server = join(app, 'node_modules', 'fluorite-bridge', 'mcp', 'main.js');
  const args = [server, '--memory-path', join(work, 'mcp'), '--spikes', join(root, 'examples', 'spikes')];
  writeFileSync(join(app, 'session.mjs'), `
    import { Client } from '@modelcontextprotocol/sdk/client/index.js';
    import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
    const client = new Client({ name: 'pack-check', version: '1.0.0' });
    await client.connect(new StdioClientTransport({ command: process.execPath, args: ${JSON.stringify(args)} }));
    const calls = ${JSON.stringify(CALLS)};
    const { tools } = await client.listTools();
    const untried = tools.map((tool) => tool.name).filter((name) => !(name in calls));
    if (untried.length > 0) throw new Error('tools that scripts/pack-adapters.mjs does not know: ' + untried.join(', '));
    for (const [name, args] of Object.entries(calls)) {
      const { isError, content } = await client.callTool({ name, arguments: args });
      if (isError) throw new Error(name + ': ' + content[0].text);
    }
    await client.close();
    console.log(tools.length);`);
  const { stdout } = run(process.execPath, [join(app, 'session.mjs')], app);
  if (Number(stdout) !== Object.keys(CALLS).length) throw new Error(`${stdout.trim()} tools, ${Object.keys(CALLS).length} expected`);
}

/** The command line under both names npm gives it. */
export function cli(app, work) {
  const called = (name, ...args) => run(process.execPath, [join(app, 'node_modules', '.bin', name), ...args, '--memory-path', join(work, 'cli'), '--json'], app).stdout;
  const note = join(work, 'note.md');
  writeFileSync(note, 'Deploys go out on Tuesdays\n');
  called('fluorite', 'store', note, '--id', 'a');
  const found = called('fluorite-bridge', 'search', 'deploys');
  if (!found.includes('Deploys go out on Tuesdays')) throw new Error(`search printed ${found}`);
}

/** The Nest example, compiled against the installed package and run: health, then store and search over HTTP. */
export async function nest(packed, work) {
  const app = join(work, 'nest');
  mkdirSync(app);
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const names = Object.keys(devDependencies).filter((name) => /^@nestjs\/(?!testing)|^class-|^reflect-metadata$|^rxjs$|^@types\/(node|express)$|^typescript$/.test(name));
  installed(packed, app, names);
  for (const name of ['src', 'tsconfig.json']) cpSync(join(root, 'examples', 'nest-app', name), join(app, name), { recursive: true });
  run(process.execPath, [join(app, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', app], app);
  const env = clean({ NO_COLOR: '1', PORT: '0', MEMORY_PATH: join(work, 'nest-store'), MODEL: 'off', API_KEY: 'key' });
  const server = spawn(process.execPath, [join(app, 'dist', 'main.js')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'close');
  try {
    await requests(await address(server));
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

async function address(server) {
  const said = [];
  for await (const line of createInterface(server.stdout)) {
    said.push(line);
    const url = /listening on (http\S+)/.exec(line)?.[1];
    if (!url) continue;
    server.stdout.resume();
    return url;
  }
  throw new Error(`it did not start: ${said.join('\n')}`);
}

async function requests(url) {
  const headers = { 'content-type': 'application/json', 'x-api-key': 'key' };
  const send = async (path, status, body) => {
    const answer = await fetch(`${url}${path}`, body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers });
    const text = await answer.text();
    if (answer.status !== status) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  const { status } = await send('/health', 200);
  if (status !== 'ok') throw new Error(`health is ${status}`);
  await send('/api/memory', 201, { id: 'a', content: 'Deploys go out on Tuesdays' });
  const found = JSON.stringify(await send('/api/memory/search', 200, { query: 'deploys' }));
  if (!found.includes('Deploys go out on Tuesdays')) throw new Error(`search answered ${found}`);
}
