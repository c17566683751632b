/** The items of JSON arrays, parsed a piece in a turn of the event loop: a long result must not hold it. */
export declare function parsed<T>(pieces: readonly string[]): Promise<T[]>;
