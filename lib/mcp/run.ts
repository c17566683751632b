import { statSync } from 'node:fs';

import { FluoriteBridge, FluoriteError, type Progress } from '../index.js';
import { Core } from './core.js';
import { follow } from './follow.js';
import { importGraph } from './graph/index.js';
import { settingsOf, type McpServerOptions, type Settings } from './options.js';
import { attach, type Attached } from './stdio.js';

/** Lines of an import after which the operator is told. */
const TOLD_EVERY = 5_000;

/** A running server. */
export interface McpServerHandle {
  /** Address for clients; `null` on standard input and output. */
  readonly url: string | null;
  /**
   * Resolves when the server has ended and the store is closed: after `close`, or when the client on standard input has hung up.
   * Rejects with `INVALID_ARGUMENT` when that client was cut off because it sent a message over 10 MiB.
   */
  readonly ended: Promise<void>;
  /** Answers the calls under way, ends, and closes the store if the server opened it. Every call waits for the same end. */
  close(): Promise<void>;
}

/**
 * Starts an MCP server on a store: on standard input and output, or over HTTP when a port is given.
 * Codes: `INVALID_CONFIG`, `IO` (the port is taken), those of `importGraph`, `READ_ONLY` (`import_graph` or `spike_paths` for a store that
 * is only read), and those of opening a store; `STORE_LOCKED` names the process that has it.
 *
 * @example
 * const server = await startMcpServer({ config: { memory_path: './memory' }, port: 0, token });
 * console.error(server.url);
 */
export async function startMcpServer(options: McpServerOptions): Promise<McpServerHandle> {
  const settings = settingsOf(options, process.env);
  const bridge = settings.bridge ?? (await FluoriteBridge.open(settings.config));
  const release = async (): Promise<void> => (settings.bridge ? undefined : bridge.shutdown());
  try {
    const read_only = (await bridge.getStats()).follow !== null;
    if (read_only && settings.writes !== undefined) throw new FluoriteError('READ_ONLY', settings.writes);
    const core = new Core(bridge, { ...settings, read_only });
    for (const path of settings.spike_paths) {
      if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) core.log(`${JSON.stringify(path)} (--spikes, spike_paths) is no folder: learn_spikes refuses it until it is one`);
    }
    bridge.countTokens(''); // outputs are bounded by tokens: without a tokenizer it is better to know now
    await takeIn(core, settings);
    const serving = await serve(core, settings);
    let closing: Promise<void> | undefined;
    const deaf = read_only ? follow(bridge, core.graph) : () => undefined;
    const close = (): Promise<void> => (closing ??= serving.close().finally(deaf).finally(release));
    const ended = serving.ended.then(async (failure) => {
      await close();
      if (failure) throw failure;
    });
    ended.catch(() => undefined); // who does not wait for it has not failed
    return { url: serving.url, ended, close: () => close().then(() => undefined) };
  } catch (e) {
    await release();
    throw e;
  }
}

/**
 * The command `fluorite mcp`: serves until the client hangs up, or until SIGINT or SIGTERM, and resolves when the store is closed.
 * Lines for the operator go to standard error. Codes as of {@link startMcpServer}, and `INVALID_ARGUMENT` when the client sent a message
 * over 10 MiB on standard input: the store is closed then as well.
 */
export async function runMcpServer(options: McpServerOptions): Promise<void> {
  const logger = (line: string): void => void process.stderr.write(`fluorite mcp: ${line}\n`);
  const server = await startMcpServer({ logger, ...options } as McpServerOptions);
  const stop = (): void => void server.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  logger(server.url === null ? 'serving on standard input and output' : `serving on ${server.url}`);
  try {
    await server.ended;
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

async function serve(core: Core, { http }: Settings): Promise<{ url: string | null } & Attached> {
  if (http === undefined) return { url: null, ...(await attach(core)) };
  const { listen: onHttp } = await import('./http/index.js'); // not worth its load time on standard input and output
  const listening = await onHttp(core, http);
  let end = (): void => undefined;
  const ended = new Promise<undefined>((resolve) => (end = () => resolve(undefined)));
  return { url: listening.url, ended, close: () => listening.close().finally(end) };
}

async function takeIn(core: Core, { import_graph }: Settings): Promise<void> {
  if (import_graph === undefined) return;
  let told = 0;
  const on_progress = ({ done, rate }: Progress): void => {
    if (done - told < TOLD_EVERY) return;
    told = done;
    core.log(`imported ${done} lines, ${Math.round(rate)} a second`);
  };
  const report = await importGraph(core.graph, import_graph, { on_progress });
  core.log(`imported ${report.entities} entities, ${report.observations} observations, ${report.relations} relations; ${report.bad} bad lines`);
  for (const { line, reason } of report.bad_lines) core.log(`line ${line}: ${reason}`);
}
