import type { Address } from './address.js';
/** Brings the copy of a repository to the newest commit; its id, and whether it is another one than before. */
export declare function fetchRepository({ address, ref, shown }: Address, folder: string, signal: AbortSignal): Promise<{
    changed: boolean;
    revision: string;
}>;
/** The commit whose files lie in a copy, all of them; `undefined` when it cannot be said. */
export declare function revisionOf(folder: string): Promise<string | undefined>;
