import type { CallOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { SearchFilter } from './filter.js';
import type { CacheStats } from './stats.js';
/** The members of {@link MetricsOptions}; camelCase is taken as well. */
export interface MetricsOptionsMembers extends CallOptions {
    /** `json`: an object; `prometheus`: text in the exposition format. `json` when absent. */
    format?: 'json' | 'prometheus' | undefined;
    /**
     * Measure `accuracy` now, which costs a search for each chunk of the sample and reads every chunk that matches once. When absent,
     * what was measured last since the open is told.
     */
    accuracy?: boolean | undefined;
    /** Chunks that accuracy is measured on: 200, 1 to 10,000. */
    sample?: number | undefined;
    /** Chooses the sample: 0. */
    seed?: number | undefined;
    /** Chunks that accuracy is measured on and among: all. */
    filter?: SearchFilter | undefined;
}
/** Options of `getMetrics`. */
export type MetricsOptions = EitherCase<MetricsOptionsMembers>;
/** What is timed; `docs/metrics.md` says where each begins and ends. */
export type MetricsStage = 'wait' | 'embed' | 'vector' | 'text' | 'fuse' | 'load' | 'total' | 'model' | 'store' | 'commit' | 'fsync';
/** Latency of a stage since the store was opened. */
export interface LatencyStats {
    /** Durations counted. */
    count: number;
    /** Their sum. */
    sum_seconds: number;
    /** Half took no longer; at most 12.5 % above the truth, as the other two. */
    p50_seconds: number;
    /** 95 % took no longer. */
    p95_seconds: number;
    /** 99 % took no longer. */
    p99_seconds: number;
    /** The longest. */
    max_seconds: number;
    /** By doublings from 1.024 us to the first bound above all of them, each with everything below it. */
    buckets: {
        /** The bound. */
        le_seconds: number;
        /** How many were shorter. */
        count: number;
    }[];
}
/** How well searches find what belongs together, measured on the store's own chunks; `docs/metrics.md` defines it. */
export interface AccuracyMetrics {
    /** Chunks looked at. */
    sampled: number;
    /** Of these, those with a relative: another chunk of the namespace with the same rarest label. */
    measured: number;
    /** Share of `measured` whose headline finds a relative among the first 10 hits, the chunk itself left out. */
    hit_at_10: number;
    /** The same if the 10 were drawn at random. */
    chance: number;
    /** Share of `sampled` whose headline finds the chunk itself among the first 10 hits. */
    known_item_hit_at_10: number;
    /** Mean of 1 / rank of the chunk itself; 0 where it is not among the first 10. */
    known_item_mrr: number;
    /** What chose the sample. */
    seed: number;
    /** How the searches ran. */
    mode: 'hybrid' | 'lexical';
    /** When it was measured, in milliseconds since the epoch. */
    measured_at: number;
    /** Milliseconds it took. */
    duration_ms: number;
}
/** Result of `getMetrics`. Counters begin when the store is opened. */
export interface Metrics {
    /** Seconds since the store was opened. */
    uptime_seconds: number;
    /** Chunks that can be found. */
    chunks: number;
    /** Chunks with a vector. */
    vectors: number;
    /** Chunks whose vector is still to be computed. */
    pending: number;
    /** Calls waiting or running. */
    calls: number;
    /** Worker threads. */
    threads: number;
    /** What learning did since the open, through this process. */
    learning: {
        /** Runs, failed ones included. */
        runs: number;
        /** Runs that failed or were cancelled. */
        failed_runs: number;
        /** Files looked at. */
        files: number;
        /** Chunks stored. */
        stored: number;
        /** Chunks removed. */
        removed: number;
        /** Files that could not be read. */
        invalid: number;
        /** Time of all runs. */
        seconds: number;
        /** files / seconds, 0 before the first run. */
        files_per_second: number;
        /** The same of the last run. */
        last_files_per_second: number;
    };
    /** Quality scores of the live chunks; one stored without a score has 0.5. */
    quality: {
        /** Live chunks. */
        chunks: number;
        /** Their mean score, 0 when there is none. */
        mean: number;
        /** How many score 0 to below .1, .1 to below .2, ..., .9 to 1. */
        histogram: number[];
    };
    /** Bytes. */
    memory: {
        /** All files of the store. */
        disk_bytes: number;
        /** Files of the store that are mapped. */
        mapped_bytes: number;
        /** Of these, what is in memory; `null` where the system does not tell (it does on Linux). */
        mapped_resident_bytes: number | null;
        /** Indexes and tables on the heap (estimate). */
        index_bytes: number;
        /** Resident memory of the process. */
        process_rss_bytes: number;
    };
    /** The caches. */
    caches: {
        /** Of decompressed chunks. */
        chunks: CacheStats;
        /** Of embeddings. */
        embeddings: CacheStats;
    };
    /** As last measured since the open; `null` before. */
    accuracy: AccuracyMetrics | null;
    /** By stage. */
    latency: Record<MetricsStage, LatencyStats>;
}
