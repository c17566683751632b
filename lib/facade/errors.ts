/** The stable codes of failures. */
export type ErrorCode =
  | 'NOT_INITIALIZED'
  | 'ALREADY_INITIALIZED'
  | 'CLOSED'
  | 'INVALID_CONFIG'
  | 'INVALID_ARGUMENT'
  | 'INVALID_ID'
  | 'CHUNK_TOO_LARGE'
  | 'NOT_FOUND'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_REJECTED'
  | 'EMBEDDING_FAILED'
  | 'DIMENSION_MISMATCH'
  | 'STORE_LOCKED'
  | 'READ_ONLY'
  | 'CORRUPT'
  | 'NO_SPACE'
  | 'POISONED'
  | 'UNSUPPORTED_FORMAT'
  | 'KEY_REQUIRED'
  | 'KEY_WRONG'
  | 'NOT_ENCRYPTED'
  | 'ENCRYPTED_STORE_FULL'
  | 'ABORTED'
  | 'BUSY'
  | 'IO'
  | 'INTERNAL'
  /** Not of a call: importing the package found no addon for this platform. */
  | 'ADDON_NOT_FOUND';

/** What every call of the bridge rejects with, and importing the package throws when there is no addon for the platform. */
export class FluoriteError extends Error {
  /** Which kind of failure; stable across releases. */
  readonly code: ErrorCode;

  /**
   * An error of this package; applications that answer for it make their own too.
   *
   * @param code - kind of failure.
   * @param message - what happened and what to do.
   * @param cause - what led to it, when there is something.
   */
  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(textOf(message), cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
Object.defineProperty(FluoriteError.prototype, 'name', { value: 'FluoriteError', configurable: true, writable: true });

/** Is it an error of this package? True also for errors of another copy of it, or of another thread's realm. */
export function isFluoriteError(value: unknown): value is FluoriteError {
  try {
    const e = value as { name?: unknown; code?: unknown } | null;
    return typeof value === 'object' && e !== null && e.name === 'FluoriteError' && typeof e.code === 'string';
  } catch {
    return false; // a Proxy with a trap, a getter that throws
  }
}

/** As many characters of a foreign message as ours repeat. */
const LONGEST = 2_000;

const NO_TEXT = 'an exception without a message';

/** The text of anything, also of what has none. */
function textOf(value: unknown): string {
  try {
    return typeof value === 'string' ? value : String(value);
  } catch {
    return NO_TEXT;
  }
}

/** The message of anything that was thrown. */
function messageOf(thrown: unknown): string {
  let text;
  try {
    text = textOf(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    text = NO_TEXT; // a Proxy that was thrown
  }
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** An error of the native part with its code; anything else is a defect here. */
export function fluoriteError(thrown: unknown): FluoriteError {
  if (thrown instanceof FluoriteError) return thrown;
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  if (typeof code === 'string' && /^[A-Z_]+$/.test(code) && !code.startsWith('ERR_')) {
    return new FluoriteError(code as ErrorCode, messageOf(thrown));
  }
  return new FluoriteError('INTERNAL', messageOf(thrown), thrown);
}

/** What the caller's own code threw while we read its input. */
export function inputError(what: string, thrown: unknown): FluoriteError {
  return thrown instanceof FluoriteError ? thrown : new FluoriteError('INVALID_ARGUMENT', `${what}: ${messageOf(thrown)}`, thrown);
}

/** Runs `work`; whatever goes wrong, also synchronously, is a rejection with a FluoriteError. */
export async function guard<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    throw fluoriteError(e);
  }
}
