import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

import { FluoriteError } from '../index.js';
import type { Core } from './core.js';
import { createSession } from './server.js';

/** Largest message on standard input, in bytes: a file of chunks of the largest size fits, a client gone wild does not fill the memory. */
const MOST_BYTES = 10 << 20;

/** A client on standard input and output. */
export interface Attached {
  /** Resolves when the client has hung up; with an error when it was cut off. */
  ended: Promise<FluoriteError | undefined>;
  /** Answers what is under way and lets go of the streams. */
  close(): Promise<void>;
}

/** Serves one client on standard input and output. Nothing but messages goes to the output. */
export async function attach(core: Core): Promise<Attached> {
  const server = createSession(core);
  let hangUp = (_?: FluoriteError): void => undefined;
  const ended = new Promise<FluoriteError | undefined>((resolve) => (hangUp = resolve));
  process.stdin.once('end', () => hangUp());
  process.stdin.once('close', () => hangUp());
  // The client is gone: nobody reads. Every answer under way fails in its turn, also after the close, so the listener stays.
  process.stdout.on('error', () => hangUp());
  process.stdout.setMaxListeners(0); // the transport adds one for each answer that waits to be read
  const transport = new StdioServerTransport(process.stdin, process.stdout, { maxBufferSize: MOST_BYTES });
  let cause: Error | undefined;
  transport.onerror = (e) => {
    cause = e;
    core.log(`standard input: ${e instanceof SyntaxError || e.name === 'ZodError' ? 'a line is not a message of the protocol' : e.message}`);
  };
  // The transport closes itself only when a message is too large. After the end of the input this changes nothing.
  transport.onclose = () => hangUp(new FluoriteError('INVALID_ARGUMENT', `a message is larger than ${MOST_BYTES} bytes: send less in one call`, cause));
  await server.connect(transport);
  return {
    ended,
    async close() {
      hangUp(); // by us: no message was too large
      await new Promise(setImmediate); // messages read before the end are handed out now
      await core.idle();
      await new Promise(setImmediate); // and their answers written
      await server.close();
    },
  };
}
