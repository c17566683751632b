import { FluoriteError, fluoriteError, type ErrorCode } from '../facade/errors.js';

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

/** An error of the operating system as one with a stable code. */
export function fileError(action: string, path: string, thrown: unknown): FluoriteError {
  const { code: errno, message } = thrown as NodeJS.ErrnoException;
  const reasons: Record<string, [ErrorCode, string]> = {
    ENOENT: ['NOT_FOUND', 'there is no such file or folder; check the path'],
    EACCES: ['IO', 'permission denied; change its mode or run as its owner'],
    EPERM: ['IO', 'not permitted; change its mode or run as its owner'],
    EISDIR: ['INVALID_ARGUMENT', 'it is a folder; name a file'],
    EEXIST: ['INVALID_ARGUMENT', 'it exists already; name another file or remove it'],
    EROFS: ['IO', 'the file system is read-only; choose another place'],
    ENOSPC: ['NO_SPACE', 'the disk is full; free some space'],
  };
  const [code, reason] = reasons[errno ?? ''] ?? (['IO', message] as const);
  return new FluoriteError(code, `cannot ${action} ${JSON.stringify(path)}: ${reason}`, thrown);
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
