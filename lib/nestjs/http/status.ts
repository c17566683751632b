import type { ErrorCode } from '../../index.js';

/** What a client is told of a code. */
export interface HttpMeaning {
  status: number;
  /** Says it in place of the engine's message, which may name files of the machine. */
  detail?: string;
  /** Seconds after which trying again may help. */
  retry_after?: number;
}

const STOPPED: HttpMeaning = { status: 503, detail: 'the memory is not open: it starts or stops', retry_after: 1 };
const NO_MODEL: HttpMeaning = { status: 503, detail: 'the embedding model is not available: search by words (mode lexical) still works' };
const BROKEN: HttpMeaning = { status: 500, detail: 'the memory failed; the log of the server says why' };

/** The HTTP status of every code. 4xx is the caller's to mend, 503 passes, 500 and 507 are the operator's. */
export const HTTP_MEANINGS: Readonly<Record<ErrorCode, HttpMeaning>> = {
  INVALID_ARGUMENT: { status: 400 },
  INVALID_ID: { status: 400 },
  DIMENSION_MISMATCH: { status: 400 },
  NOT_FOUND: { status: 404 },
  ALREADY_INITIALIZED: { status: 409, detail: 'the memory is open already' },
  STORE_LOCKED: { status: 409, detail: 'another process has the memory open' },
  READ_ONLY: { status: 409, detail: 'the memory is open for reading only' },
  CHUNK_TOO_LARGE: { status: 413 },
  ABORTED: { status: 499, detail: 'the call was aborted' },
  NOT_INITIALIZED: STOPPED,
  CLOSED: STOPPED,
  BUSY: { status: 503, detail: 'too many calls are waiting: try again', retry_after: 1 },
  POISONED: { status: 503, detail: 'the memory takes no writes since an earlier failure; it must be reopened' },
  MODEL_NOT_FOUND: NO_MODEL,
  MODEL_REJECTED: NO_MODEL,
  EMBEDDING_FAILED: NO_MODEL,
  NO_SPACE: { status: 507, detail: 'the disk is full: deletions and reads still work' },
  INVALID_CONFIG: BROKEN,
  CORRUPT: BROKEN,
  UNSUPPORTED_FORMAT: BROKEN,
  IO: BROKEN,
  INTERNAL: BROKEN,
  ADDON_NOT_FOUND: BROKEN,
};
