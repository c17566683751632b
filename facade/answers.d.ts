import type { ErrorCode, FluoriteError } from './errors.js';
/** What clients of a server are told in place of the engine's message, which may name files of the machine. */
export declare const ANSWERS: Readonly<Partial<Record<ErrorCode, string>>>;
/** What a client of a server may be told of an error: no path of the machine stands in it. */
export declare function answerOf({ code, message }: FluoriteError): string;
/** The start of a message with absolute paths replaced by `[path]`. */
export declare function withoutPaths(message: string): string;
