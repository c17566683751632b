/** Puts a file in the place of another in one step: after a kill or a power cut it is the old or the new one. */
export declare function replaced(path: string, text: string): Promise<void>;
