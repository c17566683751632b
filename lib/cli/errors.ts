import { fluoriteError } from '../facade/errors.js';

export { fileError } from '../facade/files.js';

/** A mistake in how a command was called. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** What the user is told about a failure. */
export interface Failure {
  code: string;
  message: string;
  stack: string | undefined;
}

/** Code and one-line message of whatever was thrown. */
export function failureOf(thrown: unknown): Failure {
  const commander = (thrown as { code?: unknown } | null)?.code;
  if (typeof commander === 'string' && commander.startsWith('commander.')) {
    return { code: 'USAGE', message: oneLine((thrown as Error).message.replace(/^error: /, '')), stack: undefined };
  }
  if (thrown instanceof UsageError) return { code: thrown.code, message: oneLine(thrown.message), stack: undefined };
  const { code, message } = fluoriteError(thrown);
  return { code, message: oneLine(message), stack: thrown instanceof Error ? thrown.stack : undefined };
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}
