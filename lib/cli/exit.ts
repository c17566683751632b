/** Exit codes of every command; `docs/cli.md` lists them. */
export const EXIT = {
  ok: 0, failed: 1, usage: 2, not_found: 3, locked: 4, model: 5, damaged: 6, no_space: 7, interrupted: 130, terminated: 143,
} as const;

const BY_CODE: Readonly<Record<string, number>> = {
  USAGE: EXIT.usage,
  INVALID_ARGUMENT: EXIT.usage,
  INVALID_CONFIG: EXIT.usage,
  INVALID_ID: EXIT.usage,
  KEY_REQUIRED: EXIT.usage,
  KEY_WRONG: EXIT.usage,
  NOT_ENCRYPTED: EXIT.usage,
  NOT_FOUND: EXIT.not_found,
  STORE_LOCKED: EXIT.locked,
  READ_ONLY: EXIT.usage,
  MODEL_NOT_FOUND: EXIT.model,
  MODEL_REJECTED: EXIT.model,
  EMBEDDING_FAILED: EXIT.model,
  CORRUPT: EXIT.damaged,
  UNSUPPORTED_FORMAT: EXIT.damaged,
  NO_SPACE: EXIT.no_space,
  ABORTED: EXIT.interrupted,
};

/** The exit code for an error code; 1 for those without one of their own. */
export function exitCodeOf(code: string): number {
  return BY_CODE[code] ?? EXIT.failed;
}
