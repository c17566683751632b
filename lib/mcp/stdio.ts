import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

import type { Core } from './core.js';
import { createSession } from './server.js';

/** A client on standard input and output. */
export interface Attached {
  /** Resolves when the client has hung up. */
  ended: Promise<void>;
  /** Answers what is under way and lets go of the streams. */
  close(): Promise<void>;
}

/** Serves one client on standard input and output. Nothing but messages goes to the output. */
export async function attach(core: Core): Promise<Attached> {
  const server = createSession(core);
  let hangUp = (): void => undefined;
  const ended = new Promise<void>((resolve) => (hangUp = resolve));
  process.stdin.once('end', hangUp);
  process.stdin.once('close', hangUp);
  process.stdout.once('error', hangUp); // the client is gone: nobody reads
  await server.connect(new StdioServerTransport());
  return {
    ended,
    async close() {
      await new Promise(setImmediate); // messages read before the end are handed out now
      await core.idle();
      await new Promise(setImmediate); // and their answers written
      await server.close();
    },
  };
}
