import { type Call } from '../call.js';
import type { SourceReport } from '../types/index.js';
import { type Address } from './address.js';
/** What is to be fetched, and the options without it. */
export interface Listed {
    addresses: Address[];
    cache_dir: string | undefined;
    timeout_ms: number | undefined;
    max_bytes: number;
    rest: Record<string, unknown>;
}
/** The sources of options; `undefined` when they list none. Read once: what is checked is what is used. */
export declare function listedOf(options: unknown): Listed | undefined;
/** Fetches what was listed, one address after the other; a failure is told and ends nothing. The folders of the copies by address. */
export declare function fetchSources(listed: Listed, storePath: string, call: Call, signal: AbortSignal | undefined): Promise<{
    reports: SourceReport[];
    folders: Map<string, string>;
}>;
