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
/** What became of the addresses, and the folders of the whole copies by address. */
export interface Fetched {
    reports: SourceReport[];
    folders: Map<string, string>;
}
/**
 * Fetches what was listed, one address after the other, and has it learned; a failure is told and ends nothing, and what was not fetched
 * whole is not learned: its chunks stay. No other call of this process changes the copies until `learn` has ended.
 */
export declare function withSources<T>(listed: Listed, storePath: string, call: Call, signal: AbortSignal | undefined, learn: (fetched: Fetched) => Promise<T>): Promise<T>;
