import type { McpServerOptions } from '../../mcp/index.js';
import { locate } from '../config.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { several, whole } from '../values.js';

interface Flags {
  port?: number;
  host?: string;
  spikes?: string[];
  importGraph?: string;
  graphNamespace?: string;
  maxOutputTokens?: number;
  allowHost?: string[];
  allowOrigin?: string[];
}

/** `mcp`: serves the store to agents. */
export const mcp: Register = (program, host) => {
  program
    .command('mcp')
    .description('serve the store to agents by the Model Context Protocol: on standard input and output, or over HTTP; docs/mcp.md')
    .option('--port <n>', 'serve HTTP on this port, 0 for any; clients send the token in FLUORITE_MCP_TOKEN', whole)
    .option('--host <address>', 'loopback address to listen on (127.0.0.1)')
    .option('--spikes <folder>', 'a folder that learn_spikes may read (repeatable)', several)
    .option('--import-graph <file>', 'take in the file of a reference memory server first')
    .option('--graph-namespace <name>', 'namespace of the knowledge graph (knowledge-graph)')
    .option('--max-output-tokens <n>', "most tokens of a tool's output (20,000)", whole)
    .option('--allow-host <name>', 'a value of Host to accept, for a proxy (repeatable)', several)
    .option('--allow-origin <origin>', 'a value of Origin to accept (repeatable)', several)
    .addHelpText('after', examples('fluorite mcp --memory-path ./memory', 'fluorite mcp --read-only --memory-path ./memory', 'FLUORITE_MCP_TOKEN=$(openssl rand -hex 32) fluorite mcp --port 7331'))
    .action(host.action(work));
};

async function work(session: Session, flags: Flags): Promise<number> {
  const { modelsPath, ml, readOnly } = session.options;
  const { config_path, memory_path } = await locate(session.options);
  const { runMcpServer } = await import('../../mcp/index.js');
  const options = {
    config: { memory_path, config_path, models_path: modelsPath, enable_ml: ml ? undefined : false, read_only: readOnly },
    port: flags.port,
    host: flags.host,
    spike_paths: flags.spikes,
    import_graph: flags.importGraph,
    graph_namespace: flags.graphNamespace,
    max_output_tokens: flags.maxOutputTokens,
    allowed_hosts: flags.allowHost,
    allowed_origins: flags.allowOrigin,
  };
  await runMcpServer(options as unknown as McpServerOptions); // undefined is the same as absent; ends by itself on a signal
  return EXIT.ok;
}
