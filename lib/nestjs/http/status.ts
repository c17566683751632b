import type { ErrorCode } from '../../index.js';

/** What a client is told of a code. */
export interface HttpMeaning {
  status: number;
  /** Seconds after which trying again may help. */
  retry_after?: number;
}

const STOPPED: HttpMeaning = { status: 503, retry_after: 1 };
const NO_MODEL: HttpMeaning = { status: 503 };
const BROKEN: HttpMeaning = { status: 500 };

/** The HTTP status of every code. 4xx is the caller's to mend, 503 passes, 500 and 507 are the operator's. */
export const HTTP_MEANINGS: Readonly<Record<ErrorCode, HttpMeaning>> = {
  INVALID_ARGUMENT: { status: 400 },
  INVALID_ID: { status: 400 },
  DIMENSION_MISMATCH: { status: 400 },
  NOT_FOUND: { status: 404 },
  ALREADY_INITIALIZED: { status: 409 },
  STORE_LOCKED: { status: 409 },
  READ_ONLY: { status: 409 },
  CHUNK_TOO_LARGE: { status: 413 },
  ABORTED: { status: 499 },
  NOT_INITIALIZED: STOPPED,
  CLOSED: STOPPED,
  BUSY: { status: 503, retry_after: 1 },
  POISONED: { status: 503 },
  MODEL_NOT_FOUND: NO_MODEL,
  MODEL_REJECTED: NO_MODEL,
  EMBEDDING_FAILED: NO_MODEL,
  NO_SPACE: { status: 507 },
  ENCRYPTED_STORE_FULL: { status: 507 },
  KEY_REQUIRED: BROKEN,
  KEY_WRONG: BROKEN,
  NOT_ENCRYPTED: BROKEN,
  INVALID_CONFIG: BROKEN,
  CORRUPT: BROKEN,
  UNSUPPORTED_FORMAT: BROKEN,
  IO: BROKEN,
  INTERNAL: BROKEN,
  ADDON_NOT_FOUND: BROKEN,
};
