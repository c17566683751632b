import type { Address } from './address.js';
/** Brings the copy of a document up to date; asks only for what has changed since. */
export declare function fetchDocument({ address }: Address, folder: string, most: number, signal: AbortSignal): Promise<{
    changed: boolean;
    revision: string | null;
}>;
