import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

import type { Core } from '../core.js';
import { createSession } from '../server.js';

interface Session {
  transport: StreamableHTTPServerTransport;
  server: McpServer;
  /** Requests that wait for their answer; the stream of notifications does not count. */
  busy: number;
}

/** The clients of an HTTP server, least recently used first. */
export class Sessions {
  readonly #core: Core;
  readonly #most: number;
  readonly #open = new Map<string, Session>();

  /** @param most - clients at once. */
  constructor(core: Core, most: number) {
    this.#core = core;
    this.#most = most;
  }

  /** Is there a client of this id? */
  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Hands a request to its client; false when the client has ended meanwhile. */
  async handle(id: string, req: IncomingMessage, res: ServerResponse, body?: unknown): Promise<boolean> {
    const session = this.#open.get(id);
    if (session === undefined) return false;
    this.#open.delete(id);
    this.#open.set(id, session);
    const counts = req.method !== 'GET';
    if (counts) session.busy++;
    res.once('close', () => counts && session.busy--);
    await session.transport.handleRequest(req, res, body);
    return true;
  }

  /** A new client; false when all places are taken by clients with requests under way. */
  async begin(req: IncomingMessage, res: ServerResponse, body: unknown): Promise<boolean> {
    if (!(await this.#makeRoom())) return false;
    const server = createSession(this.#core);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.#open.set(id, { transport, server, busy: 0 }),
    });
    await server.connect(transport as Transport);
    const { onclose } = transport;
    transport.onclose = () => {
      if (transport.sessionId !== undefined) this.#open.delete(transport.sessionId);
      onclose?.();
    };
    await transport.handleRequest(req, res, body);
    if (transport.sessionId === undefined) await server.close(); // it was refused
    return true;
  }

  /** Ends every session. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((s) => s.server.close()));
  }

  async #makeRoom(): Promise<boolean> {
    if (this.#open.size < this.#most) return true;
    const idle = [...this.#open.values()].find((s) => s.busy === 0);
    await idle?.server.close();
    return idle !== undefined;
  }
}
