import type { CallOptions, DamageOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { ChunkInput } from './chunk.js';
import type { Durability } from './config.js';
import type { SearchFilter } from './filter.js';
/** Options of `verify`. */
export interface VerifyOptions extends CallOptions {
    /** Decompresses and decodes every version, and compares every derived file with the log; `false` compares checksums alone. */
    deep?: boolean | undefined;
}
/** A damaged place. */
export interface Damage {
    /** Path within the store, with `/`. */
    file: string;
    /** Where in it, in bytes. */
    offset: number;
    /** How many bytes; 0 when that is not known. */
    length: number;
    /** What does not fit. */
    what: string;
    /** What cannot be had because of it. */
    lost: string;
    /** What to do. */
    remedy: string;
}
/** Result of `verify`. */
export interface VerifyReport {
    /** Nothing is damaged. */
    ok: boolean;
    /** Contents and derived files were looked into. */
    deep: boolean;
    /** Records whose checksum was compared. */
    records: number;
    /** Bytes of the log read. */
    bytes: number;
    /** Chunk versions decompressed and decoded (`deep`). */
    versions: number;
    /** Vectors compared with the graphs (`deep`). */
    vectors: number;
    /** Chunks whose words were compared with the text segments (`deep`). */
    texts: number;
    /** Files beside the log: dictionaries, with `deep` also the derived ones. */
    files: number;
    /** Damaged places in all. */
    damages: number;
    /** The first 1,000 of them. */
    damaged: Damage[];
}
/** Options of `snapshot`. */
export interface SnapshotOptions extends CallOptions {
    /** Hard links where the disk has them: no room, no time, but damage to the disk hits store and copy. `false` when absent. */
    link?: boolean | undefined;
}
/** Result of `snapshot`. */
export interface SnapshotReport {
    /** Chunks of the store at the moment of the copy. */
    chunks: number;
    /** Files of the copy. */
    files: number;
    /** Of them those that share their bytes with the store's (`link`). */
    linked: number;
    /** Bytes of all files. */
    bytes: number;
}
/** The members of {@link SalvageOptions}; camelCase is taken as well. */
export interface SalvageOptionsMembers extends CallOptions {
    /** A folder of models, beside the one that ships. Looked at only where MANIFEST, which names the model, is lost. */
    models_path?: string | undefined;
    /** Name of the model: `all-MiniLM-L6-v2` when absent. Used as `models_path` is. */
    embedding_model?: string | undefined;
    /** Key of the store in `from`, when it is encrypted: as `memory.encryption_key`. `FLUORITE_ENCRYPTION_KEY` when absent. */
    encryption_key?: Uint8Array | string | undefined;
    /** Key of the new store, which may so be encrypted when `from` is plain. That of `from` when absent. */
    new_encryption_key?: Uint8Array | string | undefined;
    /** Make a plain store of an encrypted one: `false`. */
    decrypt?: boolean | undefined;
}
/** Options of `salvage`. */
export type SalvageOptions = EitherCase<SalvageOptionsMembers>;
/** Result of `salvage`. */
export interface SalvageReport {
    /** Nothing was damaged: the new store has all the old one had. */
    ok: boolean;
    /** Chunks in the new store. */
    chunks: number;
    /** Of them those with their vector; the others' are computed when the store is opened with its model. */
    vectors: number;
    /** Chunks saved in an older version, because newer ones cannot be read. */
    stepped_back: number;
    /** The first 1,000 of them. */
    stepped_back_chunks: {
        /** Id. */
        id: string;
        /** Namespace. */
        namespace: string;
        /** The version that was saved. */
        version: number;
        /** The newest version there was. */
        lost_version: number;
    }[];
    /** Chunks known to have been there of which no version can be read. */
    lost: number;
    /** Chunks left out because they were deleted. */
    deleted: number;
    /** Chunks left out because their time was over. */
    expired: number;
    /** Deletes whose record cannot be read, honoured because the id table knows of them. */
    deletes_from_index: number;
    /** Records read. */
    records: number;
    /** Of them those that lay in damaged groups. */
    records_from_damaged_groups: number;
    /** Records known to be lost. */
    records_lost: number;
    /** Bytes read. */
    bytes: number;
    /** Dictionaries that are missing or damaged: what was compressed with them cannot be read. */
    dictionaries_missing: number[];
    /** Feedback events saved. */
    feedback_events: number;
    /** Damaged places in all. */
    damages: number;
    /** The first 1,000 of them. */
    damaged: Damage[];
    /** What cannot be known, in words. */
    warnings: string[];
}
/** Options of `exportJsonl`. */
export interface ExportOptions extends CallOptions, DamageOptions {
    /** Which chunks; all when absent. */
    filter?: SearchFilter | undefined;
    /** `stored` (when absent), `id` or `updated`. */
    order?: 'stored' | 'id' | 'updated' | undefined;
    /** Writes the vectors too: about 2.1 KB a chunk of 384 dimensions. `false` when absent. */
    embeddings?: boolean | undefined;
}
/** Result of `exportJsonl`. */
export interface ExportReport {
    /** Lines written. */
    chunks: number;
    /** Of them those with a vector. */
    vectors: number;
    /** Bytes written. */
    bytes: number;
    /** What `on_damage` was told of: chunks left out, and vectors that are missing from lines. */
    damaged: number;
}
/** The members of {@link ImportOptions}; camelCase is taken as well. */
export interface ImportOptionsMembers extends CallOptions {
    /** The namespace of all lines: one that names another is bad. Each line's own, or `default`, when absent. */
    namespace?: string | undefined;
    /** Fields for lines that do not say them: a namespace, tags, ... */
    defaults?: Partial<Omit<ChunkInput, 'id' | 'content' | 'embedding'>> | undefined;
    /** Stores also what is stored already. `false` when absent. */
    force?: boolean | undefined;
    /** `false` leaves the vectors of the lines alone and embeds every text. `true` when absent. */
    embeddings?: boolean | undefined;
    /** When texts without a usable vector are embedded: `sync` when absent. */
    embed?: 'sync' | 'background' | undefined;
    /** The store's setting when absent. */
    durability?: Durability | undefined;
    /** `collect` (when absent): bad lines are listed. `abort`: the first rejects the call; what was stored before stays. */
    on_error?: 'collect' | 'abort' | undefined;
}
/** Options of `importJsonl`. */
export type ImportOptions = EitherCase<ImportOptionsMembers>;
/** A line that was not taken. */
export interface BadLine {
    /** Its number, from 1. */
    line: number;
    /** Why not. */
    reason: string;
}
/** Result of `importJsonl`. */
export interface ImportReport {
    /** Lines with something on them. */
    lines: number;
    /** Chunks stored. */
    stored: number;
    /** Lines left alone: stored already with this content, these fields and a vector. */
    unchanged: number;
    /** Lines left out: their time was over. */
    expired: number;
    /** Lines that could not be taken. */
    failed: number;
    /** Vectors taken from the lines. */
    vectors: number;
    /** Vectors of another model than the store's: these texts were embedded anew. */
    vectors_dropped: number;
    /** The first 1,000 lines that could not be taken. */
    bad: BadLine[];
}
/** Result of `optimize`. */
export interface OptimizeReport {
    /** Files of the log rewritten. */
    segments_rewritten: number;
    /** All files of the store before. */
    bytes_before: number;
    /** All files of the store after. */
    bytes_after: number;
    /** Older versions and tombstones left out. */
    versions_dropped: number;
    /** Vectors in the graph that was built; 0 when there was nothing to gain. */
    vectors_indexed: number;
}
