import { FluoriteError } from './errors.js';
/** An error of the operating system as one with a stable code. */
export declare function fileError(action: string, path: string, thrown: unknown): FluoriteError;
/** The path of a file, or the error that says it is none. */
export declare function filePath(path: string, name: string): string;
/** A file as blocks of bytes. */
export declare function readFile(path: string): AsyncIterable<Buffer>;
/**
 * Writes a file from blocks, beside it first: what stands there is kept until the new one is complete and on disk. A link keeps
 * pointing; what is no regular file (a pipe, a device) is written into, never replaced.
 */
export declare function writeFile(path: string, source: AsyncIterable<Uint8Array>): Promise<void>;
