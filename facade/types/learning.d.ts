import type { CallOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { ChunkId } from './chunk.js';
import type { FrameworkCombination, Pattern } from './patterns.js';
import type { SourceOptionsMembers, SourceReport } from './source.js';
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
export interface FileLearnOptionsMembers extends CallOptions, SourceOptionsMembers {
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
    /** Files without any text: there is nothing to learn. */
    empty: number;
    /** Files left alone because their content is stored. */
    unchanged: number;
    /** Files that are gone, with their chunks. */
    removed: number;
    /** Files of other kinds, left out. */
    other: number;
    /** What became of the addresses, in the order given; only with `sources`. */
    sources?: SourceReport[];
    /** Chunks written. */
    chunks_stored: number;
    /** Chunks deleted. */
    chunks_removed: number;
    /** Catalogs that do not parse: learned all the same, by their lines. */
    unparsed: {
        /** Which file. */
        file: string;
        /** Why, and where. */
        reason: string;
    }[];
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
/** A run of `learnFromSpikes` or `learnFromFiles`. */
export interface LearningRun {
    /** What was learned from. */
    kind: 'spikes' | 'files';
    /** Where its chunks went. */
    namespace: string;
    /** Folders and files, the first ten. */
    paths: string[];
    /** When it began. */
    started_at: string;
    /** How long it took. */
    duration_ms: number;
    /** `done`, or the code of the error that ended it (`ABORTED`, ...): what was stored until then stays. */
    outcome: string;
    /** The numbers of its report, and the lengths of its lists, by name; empty unless it is done. */
    counts: Record<string, number>;
}
/** A folder that was learned. */
export interface LearnedSource {
    /** As what. */
    kind: 'spikes' | 'files';
    /** Namespace of its chunks. */
    namespace: string;
    /** Its path. */
    folder: string;
    /** Files with chunks. */
    files: number;
    /** Their chunks. */
    chunks: number;
    /** When the last of them changed. */
    changed_at: string;
}
/** What one domain learned from feedback. */
export interface DomainStats {
    /** The domain. */
    domain: string;
    /** Weights in use. */
    weights: number;
    /** How much of its last training searches without a domain took. */
    shared: 'all' | 'part' | 'none';
    /** Events its last training had seen. */
    events: number;
    /** Share of held-out pairs in the right order before that training. */
    accuracy_before: number;
    /** And behind it. */
    accuracy_after: number;
    /** When it was. */
    trained_at: string;
}
/** Result of `getLearningStats`. */
export interface LearningStats {
    /** Chunks by where they came from. */
    chunks: {
        /** All of them. */
        total: number;
        /** Spike templates that a run has learned. */
        spikes: number;
        /** Pieces of files that a run has learned. */
        files: number;
        /** Patterns that were stored. */
        patterns: number;
        /** Everything else: stored by hand, by agents, imported. */
        other: number;
    };
    /** Folders learned, by kind, namespace and path. */
    sources: LearnedSource[];
    /** Scores of the spike templates in the store. */
    quality: {
        /** How many there are. */
        scored: number;
        /** Their mean score, 0 when there is none. */
        mean: number;
        /** How many score 0 to below .1, .1 to below .2, ..., .9 to 1. */
        histogram: number[];
    };
    /** Patterns in the store. */
    patterns: {
        /** How many: one of each family of templates that are nearly alike. */
        stored: number;
        /** Members of their families. */
        members: number;
    };
    /** Frameworks that chunks use, spellings made one. */
    frameworks: number;
    /** The last twenty runs, newest first. */
    runs: LearningRun[];
    /** Feedback, and what was learned from it. */
    feedback: {
        /** Events. */
        events: number;
        /** Events of each kind there is. */
        kinds: Partial<Record<'rating' | 'success' | 'failure' | 'correction' | 'usage', number>>;
        /** Bytes of the files that keep events and weights. */
        bytes: number;
        /** Damaged places in the file of events; what was there is lost, the rest counts. */
        damaged: number;
        /** Domains that were trained. */
        domains: DomainStats[];
    };
}
