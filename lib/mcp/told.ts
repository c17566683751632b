import { answerOf, withoutPaths } from '../facade/answers.js';
import { FluoriteError, isFluoriteError } from '../index.js';
import type { Core } from './core.js';
import { printable } from './text.js';

/** An error of ours whose message clients are told as it is: it names what they gave, nothing of the machine. */
export class ToldError extends FluoriteError {}

/** Codes of calls that ended as they should. */
const USUAL: readonly string[] = ['ABORTED', 'BUSY', 'CLOSED'];

/**
 * What a client is told of an error: what is wrong with its call; a fixed sentence for failures of the server, whose messages name
 * files of the machine. The operator's log has those in full, and what is not ours, which could hold anything.
 */
export function tell(core: Core, what: string, e: unknown): { code: string; message: string } {
  if (!isFluoriteError(e)) {
    core.log(`${what}: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`);
    return { code: 'INTERNAL', message: `${what} failed; the server's log says why` };
  }
  if (e instanceof ToldError) return e;
  const message = answerOf(e);
  const whole = e.message.startsWith(message.replace(/\.\.\.$/, '')); // or its start
  if (!whole && !USUAL.includes(e.code)) core.log(`${what}: ${e.code}: ${printable(e.message)}`);
  return { code: e.code, message };
}

/** A remark of the engine for clients. */
export function remark(text: string): string {
  return printable(withoutPaths(text));
}
