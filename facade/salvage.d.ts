import type { SalvageOptions, SalvageReport } from './types/index.js';
/**
 * Saves everything readable of the store in `from`, which need not open, into a new store in `to`, which must not exist or be empty.
 * Of each chunk the newest version that can be read, with its vector; what was deleted stays deleted. Never writes into the
 * source. The new store appears complete or not at all; read the report's `warnings` before it takes the old one's place. See `docs/care.md`.
 * An encrypted store stays encrypted with its key, unless `new_encryption_key` or `decrypt` say otherwise.
 * Codes: `NOT_FOUND` (no store there), `KEY_REQUIRED`, `KEY_WRONG`, `NOT_ENCRYPTED`, `STORE_LOCKED` (a process has it open), `INVALID_ARGUMENT`, `UNSUPPORTED_FORMAT`, `NO_SPACE`, `IO`, `ABORTED`.
 *
 * @example
 * const report = await salvage('./memory', './memory-saved');
 */
export declare function salvage(from: string, to: string, options?: SalvageOptions): Promise<SalvageReport>;
