import type { CallOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { ChunkId } from './chunk.js';
import type { FrameworkCombination, Pattern } from './patterns.js';

/** The members of {@link LearnOptions}; camelCase is taken as well. */
export interface LearnOptionsMembers extends CallOptions {
  /** Folder of spike files; `spike_templates_path` of the configuration when absent. */
  path?: string;
  /** Store generated templates as well: false. */
  include_generated?: boolean;
  /** Templates of a lower quality, 0 to 1, give no patterns: 0.7 (`docs/quality.md`). */
  quality_threshold?: number;
  /** Do not store templates below the threshold: false. Generated ones that are asked for are not judged by it. */
  skip_low_quality?: boolean;
  /** Draw patterns and combinations of frameworks from what is learned: true. */
  patterns?: boolean;
  /** Leave out files whose content is already stored: true. */
  incremental?: boolean;
  /** Templates per step, 1 to 1,000: 32. */
  batch_size?: number;
  /** Read files on several threads: true. The result is the same either way. */
  parallel_processing?: boolean;
  /** When vectors are computed: `sync`. */
  embed?: 'sync' | 'background';
  /** Namespace of the chunks: `default`. */
  namespace?: string;
}
/** Options of `learnFromSpikes`. */
export type LearnOptions = EitherCase<LearnOptionsMembers>;
/** Result of `learnFromSpikes`. */
export interface LearningReport {
  /** Spike files in the folder. */
  found: number;
  /** Stored for the first time. */
  stored: number;
  /** Stored again because the content changed. */
  updated: number;
  /** Left alone because the content is stored. */
  unchanged: number;
  /** Chunks deleted because their file is gone. */
  removed: number;
  /** Boilerplate left out, told by its tag or its text. */
  skipped_generated: number;
  /** Templates below the quality threshold, left out (`skip_low_quality`). */
  skipped_low_quality: number;
  /** Readable templates, boilerplate aside, whose files are to the byte those of another one. */
  duplicates: number;
  /** Scores of the folder's templates, boilerplate aside. */
  quality: {
    /** Least quality that patterns are drawn from. */
    threshold: number;
    /** Templates scored. */
    scored: number;
    /** Their mean score, 0 when there is none. */
    mean: number;
    /** How many score 0 to below .1, .1 to below .2, ..., .9 to 1. */
    histogram: number[];
  };
  /** One pattern of each family of three or more templates at or above the threshold that are nearly alike, by id: `storeChunks` takes them as they are. */
  patterns: Pattern[];
  /** Frameworks that occur together in three or more templates at or above the threshold, pairs first, most support first. */
  combinations: FrameworkCombination[];
  /** Files read after a repair (of the reading; the file stays as it is). */
  repaired: {
    /** Which file. */
    file: string;
    /** What was mended. */
    repair: string;
  }[];
  /** Files left out, and why. */
  invalid: {
    /** Which file. */
    file: string;
    /** Where in it, in bytes, when that is known. */
    offset?: number;
    /** Why it was left out. */
    reason: string;
  }[];
  /** How long it took. */
  duration_ms: number;
}
/** A template with its placeholders filled in. */
export interface RenderedSpike {
  /** Id of the chunk. */
  id: ChunkId;
  /** The files, in the template's order. Paths are relative with `/` and never lead out of the folder they are written to. */
  files: {
    /** Where it goes. */
    path: string;
    /** Its text. */
    content: string;
  }[];
  /** The value of every declared parameter that has one. */
  params: Record<string, string>;
}
/** The members of {@link FileLearnOptions}; camelCase is taken as well. */
export interface FileLearnOptionsMembers extends CallOptions {
  /** Namespace of the chunks: `default`. */
  namespace?: string;
  /** Leave out files whose content is already stored: true. */
  incremental?: boolean;
  /** Leave out what `.gitignore` and `.ignore` files name: true. */
  gitignore?: boolean;
  /** Largest file in bytes, 1 to 16 MiB: 1 MiB. Larger ones are reported and left out. */
  max_file_bytes?: number;
  /** Most tokens of a chunk, about (a quarter of its bytes), 16 to 8,192: 200. */
  max_tokens?: number;
  /** Read and cut files on several threads: true. The result is the same either way. */
  parallel_processing?: boolean;
  /** When vectors are computed: `sync`. */
  embed?: 'sync' | 'background';
}
/** Options of `learnFromFiles`. */
export type FileLearnOptions = EitherCase<FileLearnOptionsMembers>;
/** Result of `learnFromFiles`. */
export interface FilesReport {
  /** Files of a kind that is learned. */
  found: number;
  /** Files learned for the first time. */
  stored: number;
  /** Files learned again because they changed. */
  updated: number;
  /** Files that only have another name: their chunks keep ids and history. */
  renamed: number;
  /** Files left alone because their content is stored. */
  unchanged: number;
  /** Files that are gone, with their chunks. */
  removed: number;
  /** Files of other kinds, left out. */
  other: number;
  /** Chunks written. */
  chunks_stored: number;
  /** Chunks deleted. */
  chunks_removed: number;
  /** Entries left out, and why. */
  invalid: {
    /** Which entry. */
    file: string;
    /** Where in it, in bytes, when that is known. */
    offset?: number;
    /** Why it was left out. */
    reason: string;
  }[];
  /** How long it took. */
  duration_ms: number;
}
