import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';

import { FluoriteError } from '../../index.js';
import type { Core } from '../core.js';
import type { HttpSettings } from '../options.js';
import { readJson } from './body.js';
import { gate, tooLarge, type Refusal } from './gate.js';
import { Sessions } from './sessions.js';

/** Where clients connect. */
const PATH = '/mcp';
/** Milliseconds that clients have at the end to read their answers. */
const PATIENCE = 2_000;

const UNKNOWN: Refusal = { status: 404, message: 'no such session; initialize again' };

/** A listener. */
export interface Listening {
  /** Address for clients. */
  url: string;
  /** Takes no more requests, waits for those under way, ends the sessions. */
  close(): Promise<void>;
}

/** Serves clients over streamable HTTP. Rejects with `IO` when the port is taken. */
export async function listen(core: Core, settings: HttpSettings): Promise<Listening> {
  const sessions = new Sessions(core, settings.max_sessions);
  let check: ReturnType<typeof gate> = () => ({ status: 503, message: 'starting' });
  const http = createServer((req, res) => {
    answer(req, res).catch((e: unknown) => {
      core.log(`http: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`);
      refuse(req, res, { status: 500, message: 'the request failed; the server\'s log says why' });
    });
  });

  let closing = false;

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const refusal = check(req) ?? routed(req) ?? (closing ? { status: 503, message: 'the server is ending' } : undefined);
    if (refusal) return refuse(req, res, refusal);
    const id = req.headers['mcp-session-id'];
    const known = typeof id === 'string' && sessions.has(id);
    if (id !== undefined && !known) return refuse(req, res, UNKNOWN);
    let body: unknown;
    if (req.method === 'POST') {
      const read = await readJson(req, settings.max_body_bytes);
      if (read === 'too large') return refuse(req, res, tooLarge(settings));
      if (read === undefined) return refuse(req, res, { status: 400, message: 'the body is not JSON' });
      body = read.json;
    } else if (!known) return refuse(req, res, { status: 400, message: 'the Mcp-Session-Id header is missing' });
    if (known) return (await sessions.handle(id, req, res, body)) ? undefined : refuse(req, res, UNKNOWN);
    if (!isInitializeRequest(body)) return refuse(req, res, { status: 400, message: 'the first request must be initialize, without a session' });
    if (!(await sessions.begin(req, res, body))) refuse(req, res, { status: 503, message: 'all sessions are busy; try again later', headers: { 'Retry-After': '1' } });
  }

  function refuse(req: IncomingMessage, res: ServerResponse, { status, message, headers }: Refusal): void {
    core.log(`http: ${req.method} ${status}: ${message}`);
    if (res.headersSent) return void res.destroy();
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    res.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message }, id: null }));
    req.resume(); // a client that is still sending reads its answer only afterwards
  }

  await new Promise<void>((resolve, reject) => {
    http.once('error', (e) => reject(new FluoriteError('IO', `cannot listen on ${settings.host}:${settings.port}: ${e.message}`, e)));
    http.listen(settings.port, settings.host, resolve);
  });
  const { port } = http.address() as AddressInfo;
  check = gate(settings, port);
  const name = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return {
    url: `http://${name}:${port}${PATH}`,
    async close() {
      closing = true;
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      await core.idle();
      await new Promise(setImmediate); // answers of the last calls are handed out now
      await sessions.close();
      const sweep = setInterval(() => http.closeIdleConnections(), 20);
      const end = setTimeout(() => http.closeAllConnections(), PATIENCE);
      await closed;
      clearInterval(sweep);
      clearTimeout(end);
    },
  };
}

function routed(req: IncomingMessage): Refusal | undefined {
  if (pathOf(req.url ?? '/') !== PATH) return { status: 404, message: `the server is at ${PATH}` };
  if (!['GET', 'POST', 'DELETE'].includes(req.method ?? '')) return { status: 405, message: 'GET, POST or DELETE', headers: { Allow: 'GET, POST, DELETE' } };
  return undefined;
}

/** The path of a request's target; a proxy may send a whole address. `//` is no address, and no path of ours. */
function pathOf(target: string): string | undefined {
  if (target.startsWith('/')) return target.split('?', 1)[0];
  return URL.canParse(target) ? new URL(target).pathname : undefined;
}
