#!/usr/bin/env node
import { parseArgs } from 'node:util';

import { isFluoriteError } from '../index.js';
import { runMcpServer, type McpServerOptions } from './index.js';

const USAGE = `node mcp/main.js --memory-path <folder> [options]

  --memory-path <folder>    the store; FLUORITE_MEMORY_PATH
  --models-path <folder>    models, searched before the one of the package; FLUORITE_MODELS_PATH
  --no-ml                   search by words alone
  --read-only               only read the store, also while another process writes it; only tools that read are offered
  --spikes <folder>         a folder learn_spikes may read; may be given several times
  --import-graph <file>     take in the file of a reference memory server first
  --graph-namespace <name>  namespace of the knowledge graph: knowledge-graph
  --max-output-tokens <n>   most tokens of a tool's output: 20000
  --port <n>                serve HTTP on this port, 0 for any; the token is in FLUORITE_MCP_TOKEN
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'memory-path': { type: 'string' }, 'models-path': { type: 'string' }, 'no-ml': { type: 'boolean' }, 'read-only': { type: 'boolean' }, spikes: { type: 'string', multiple: true },
      'import-graph': { type: 'string' }, 'graph-namespace': { type: 'string' }, 'max-output-tokens': { type: 'string' }, port: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stderr.write(USAGE);
  const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  const config = { memory_path: values['memory-path'], models_path: values['models-path'], enable_ml: values['no-ml'] ? false : undefined, read_only: values['read-only'] };
  const options = {
    config, spike_paths: values.spikes, import_graph: values['import-graph'], graph_namespace: values['graph-namespace'],
    max_output_tokens: number(values['max-output-tokens']), port: number(values.port),
  };
  await runMcpServer(options as McpServerOptions); // undefined is the same as absent
}

main().catch((e: unknown) => {
  const known = isFluoriteError(e) ? `${e.code}: ${e.message}` : e instanceof Error && 'code' in e ? e.message : e instanceof Error ? e.stack : String(e);
  process.stderr.write(`fluorite mcp: ${known}\n`);
  process.exitCode = 1;
});
