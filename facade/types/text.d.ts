import type { SignalOptions } from './call.js';
import type { EitherCase } from './case.js';
/** The members of {@link ChunkTextOptions}; camelCase is taken as well. */
export interface ChunkTextOptionsMembers extends SignalOptions {
    /** Most tokens of a piece, as `countTokens` counts: 16 to 8192; 200. */
    max_tokens?: number;
    /** Most tokens of the end of a piece repeated at the start of the next: 0 to half of `max_tokens`; 0. */
    overlap_tokens?: number;
    /** `typescript`, `tsx`, `javascript`, `python`, `rust`, `go`, `java`, `php`, `csharp`, `ruby`, `markdown`, `text`, or `code` for any other. Told by `path`, then by the look of the text, when absent. */
    language?: string;
    /** Path or name of the file, for its extension. */
    path?: string;
}
/** Options of `chunkText`. */
export type ChunkTextOptions = EitherCase<ChunkTextOptionsMembers>;
/** Something a piece defines. */
export interface TextSymbol {
    /** Its name. */
    name: string;
    /** What it is. */
    kind: 'function' | 'class' | 'method' | 'interface' | 'type' | 'enum' | 'struct' | 'trait' | 'module' | 'constant';
}
/** A piece of a text: `content === text.slice(start, end)`. */
export interface TextChunk {
    /** The piece. */
    content: string;
    /** Where it starts, in UTF-16 units. */
    start: number;
    /** Where it ends, not included. */
    end: number;
    /** First line, from 1. */
    start_line: number;
    /** Last line, included. */
    end_line: number;
    /** As `countTokens(content)`. */
    tokens: number;
    /** What it was cut as. */
    kind: 'code' | 'markdown' | 'prose';
    /** What has its name in the piece, in order. */
    symbols: TextSymbol[];
    /** Names of what the start of the piece lies in, outermost first; the innermost 16. */
    scope: string[];
    /** Headings the start of the piece lies under, outermost first. */
    headings: string[];
}
