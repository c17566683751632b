/** Whole lines, and the number of the first. */
export interface Block {
    lines: Buffer;
    first: number;
}
/** A line that was passed over. */
export type TooLong = (line: number, reason: string) => void;
/** A stream of bytes or text as blocks of whole lines. A line that is too long is told and the next one read. */
export declare function blocksOf(source: AsyncIterable<unknown>, tooLong: TooLong, most?: number): AsyncGenerator<Block>;
/** The source as something to read, or the error that says it is none. */
export declare function streamOf(source: unknown): AsyncIterable<unknown>;
