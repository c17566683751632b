import type { Address } from './address.js';
/** What is known of the copy. */
interface Known {
    address: string;
    file: string;
    etag: string | null;
    last_modified: string | null;
}
/** Brings the copy of a document up to date; asks only for what has changed since. */
export declare function fetchDocument({ address }: Address, folder: string, most: number, signal: AbortSignal): Promise<{
    changed: boolean;
    revision: string | null;
}>;
/** What is known of a copy that is whole. */
export declare function documentOf(folder: string): Promise<Known | undefined>;
export {};
