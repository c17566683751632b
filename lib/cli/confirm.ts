import { createInterface } from 'node:readline/promises';

import { FluoriteError } from '../facade/errors.js';
import { UsageError } from './errors.js';
import type { Session } from './session.js';

/** Asks on the terminal; rejects unless the answer is yes. Without a terminal there is nobody to ask. */
export async function confirm(session: Session, question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError(`${question} There is no terminal to ask at: give --yes`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // a terminal in raw mode gives Ctrl-C to readline, not to the process
  asking.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await asking.question(`${question} [y/N] `, { signal: session.signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new FluoriteError('ABORTED', 'nothing was changed: the answer was not yes');
  } finally {
    asking.close();
  }
}
