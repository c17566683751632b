import { FluoriteError, type BridgeConfig, type EitherCase, type FluoriteBridge } from '../index.js';

/** Options of {@link runMcpServer} and {@link startMcpServer}; camelCase spellings are taken as well. */
export type McpServerOptions = EitherCase<{
  /** An open store. It stays open when the server ends. Either this or `config`. */
  bridge?: FluoriteBridge;
  /** A store to open, and to close when the server ends. */
  config?: BridgeConfig;
  /** Serve HTTP on this port, 0 for any free one. Standard input and output when absent. */
  port?: number;
  /** Address to listen on: `127.0.0.1`, `localhost` or `::1`. There is no TLS here: for other machines put a proxy in front. */
  host?: string;
  /** What clients send as `Authorization: Bearer`; at least 16 characters. Needed for HTTP; `FLUORITE_MCP_TOKEN` when absent. */
  token?: string;
  /** Values of `Host` accepted beside those of the address listened on; a proxy's name, say. */
  allowed_hosts?: string[];
  /** Values of `Origin` accepted. None by default: programs send none, pages in a browser do. */
  allowed_origins?: string[];
  /** Largest request in bytes: 4 MiB. */
  max_body_bytes?: number;
  /** Most clients at once: 64. The one idle for longest makes room; when all are busy a new one gets 503. */
  max_sessions?: number;
  /** Most tokens of any tool's output: 20,000; 2,000 to 1,000,000. */
  max_output_tokens?: number;
  /** Namespace of the knowledge graph: `knowledge-graph`. */
  graph_namespace?: string;
  /** Folders that `learn_spikes` may read; the store's `spike_templates_path` when absent. */
  spike_paths?: string[];
  /** A file of the reference memory server to take in before serving. */
  import_graph?: string;
  /** Takes lines for the operator: refusals, failures. Silent by default; {@link runMcpServer} writes them to standard error. */
  logger?: (line: string) => void;
}>;

/** Options with their defaults. */
export interface Settings {
  bridge: FluoriteBridge | undefined;
  config: BridgeConfig;
  http: HttpSettings | undefined;
  most_tokens: number;
  graph_namespace: string;
  spike_paths: string[];
  import_graph: string | undefined;
  /** An option that a server which only reads cannot honour, and what to do; `undefined`: none is given. */
  writes: string | undefined;
  log: (line: string) => void;
}
/** Settings of the HTTP listener. */
export interface HttpSettings {
  port: number;
  host: string;
  token: string;
  allowed_hosts: string[];
  allowed_origins: string[];
  max_body_bytes: number;
  max_sessions: number;
}

const KEYS = [
  'bridge', 'config', 'port', 'host', 'token', 'allowed_hosts', 'allowed_origins', 'max_body_bytes', 'max_sessions', 'max_output_tokens',
  'graph_namespace', 'spike_paths', 'import_graph', 'logger',
] as const;
type Key = (typeof KEYS)[number];
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/** Checks options and fills in defaults. Throws `INVALID_CONFIG`. */
export function settingsOf(options: McpServerOptions, environment: NodeJS.ProcessEnv): Settings {
  const given = spelled(options);
  const config = (given.config ?? {}) as BridgeConfig & { spikeTemplatesPath?: string; spike_templates_path?: string };
  if (given.bridge !== undefined && given.config !== undefined) throw invalid('give bridge or config, not both');
  const spikes = config.spike_templates_path ?? config.spikeTemplatesPath;
  const graph_namespace = text(given, 'graph_namespace') ?? 'knowledge-graph';
  if (graph_namespace === '' || graph_namespace === 'default') throw invalid('graph_namespace must be a namespace of its own, not "default"');
  return {
    bridge: given.bridge as FluoriteBridge | undefined,
    config,
    http: given.port === undefined ? undefined : httpOf(given, environment),
    most_tokens: whole(given, 'max_output_tokens', 2_000, 1_000_000) ?? 20_000,
    graph_namespace,
    spike_paths: texts(given, 'spike_paths') ?? (spikes === undefined ? [] : [spikes]),
    import_graph: text(given, 'import_graph'),
    writes: writesOf(given),
    log: loggerOf(given),
  };
}

function writesOf({ import_graph, spike_paths }: Given): string | undefined {
  if (import_graph !== undefined) return 'import_graph writes: import with the server that writes the store';
  if ((spike_paths as string[] | undefined)?.length) return 'spike_paths (--spikes) are for learn_spikes, which writes and is not offered here: leave them out, or name them to the server that writes the store';
  return undefined;
}

function loggerOf({ logger }: Given): Settings['log'] {
  if (logger !== undefined && typeof logger !== 'function') throw invalid('logger must be a function');
  return (logger as Settings['log'] | undefined) ?? (() => undefined);
}

function httpOf(given: Given, environment: NodeJS.ProcessEnv): HttpSettings {
  const host = text(given, 'host') ?? '127.0.0.1';
  if (!LOOPBACK.includes(host)) throw invalid(`host must be one of ${LOOPBACK.join(', ')}: there is no TLS here; put a proxy in front for other machines`);
  const token = text(given, 'token') ?? environment.FLUORITE_MCP_TOKEN;
  if (token === undefined) throw invalid('HTTP needs a token: set FLUORITE_MCP_TOKEN or give token, at least 16 characters');
  if (!/^[\x21-\x7e]{16,}$/.test(token)) throw invalid('token must be at least 16 characters of ASCII without spaces'); // what a header can hold
  return {
    port: whole(given, 'port', 0, 65_535) as number,
    host,
    token,
    allowed_hosts: texts(given, 'allowed_hosts') ?? [],
    allowed_origins: texts(given, 'allowed_origins') ?? [],
    max_body_bytes: whole(given, 'max_body_bytes', 1_024, 1 << 30) ?? 4 << 20,
    max_sessions: whole(given, 'max_sessions', 1, 10_000) ?? 64,
  };
}

type Given = Partial<Record<Key, unknown>>;

/** The options under their snake_case keys. */
function spelled(options: McpServerOptions): Given {
  if (typeof options !== 'object' || options === null) throw invalid('options must be an object');
  const given: Given = {};
  for (const [name, value] of Object.entries(options)) {
    const key = KEYS.find((k) => k === name || camel(k) === name);
    if (key === undefined) throw invalid(`${name} is not an option; there are ${KEYS.join(', ')}`);
    if (value === undefined) continue;
    if (given[key] !== undefined) throw invalid(`${key} is given in both spellings`);
    given[key] = value;
  }
  return given;
}

const camel = (key: string): string => key.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());

function text(given: Given, key: Key): string | undefined {
  const value = given[key];
  if (value !== undefined && typeof value !== 'string') throw invalid(`${key} must be a text`);
  return value;
}

function texts(given: Given, key: Key): string[] | undefined {
  const value = given[key];
  if (value !== undefined && !(Array.isArray(value) && value.every((v) => typeof v === 'string'))) throw invalid(`${key} must be a list of texts`);
  return value as string[] | undefined;
}

function whole(given: Given, key: Key, least: number, most: number): number | undefined {
  const value = given[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) throw invalid(`${key} must be a whole number from ${least} to ${most}`);
  return value;
}

function invalid(message: string): FluoriteError {
  return new FluoriteError('INVALID_CONFIG', message);
}
