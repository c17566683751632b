import type { CallOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { ChunkId, ChunkType } from './chunk.js';
import type { SearchFilter } from './filter.js';
/** How clusters are found: `kmeans` gives every chunk the nearest of `k` centres, `density` (HDBSCAN) finds where chunks lie dense and leaves out the rest. */
export type ClusterAlgorithm = 'kmeans' | 'density';
/** What `cluster` and `memoryMap` have in common. */
export interface GroupingOptions extends CallOptions {
    /** Chunks that are looked at: all with a vector. */
    filter?: SearchFilter | undefined;
    /** How clusters are found: `kmeans`. */
    algorithm?: ClusterAlgorithm | undefined;
    /** Clusters of `kmeans`, 1 to 512; chosen by silhouette when absent. */
    k?: number | undefined;
    /** Fewest chunks of a cluster of `density`, 2 to 10,000: 15. */
    min_cluster_size?: number | undefined;
    /** Chooses samples and where to begin: 0. The same chunks and seed give the same result. */
    seed?: number | undefined;
    /** Most chunks, 1 to 200,000: 100,000. Beyond it a sample is taken. */
    max_points?: number | undefined;
}
/** The members of {@link ClusterOptions}; camelCase is taken as well. */
export interface ClusterOptionsMembers extends GroupingOptions {
    /** Representatives of each cluster, 0 to 100: 3. */
    representatives?: number | undefined;
    /** Give the ids of all members: false. */
    members?: boolean | undefined;
}
/** Options of `cluster`. */
export type ClusterOptions = EitherCase<ClusterOptionsMembers>;
/** The members of {@link MapOptions}; camelCase is taken as well. */
export interface MapOptionsMembers extends GroupingOptions {
    /** Neighbours that a chunk is drawn to, 2 to 50: 15. Fewer show small groups, more show the whole. */
    neighbours?: number | undefined;
}
/** Options of `memoryMap`. */
export type MapOptions = EitherCase<MapOptionsMembers>;
/** A word, or two, that tell a cluster from the others. */
export interface ClusterTerm {
    /** As it is most often written, in lower case. */
    term: string;
    /** Its c-TF-IDF. */
    score: number;
}
/** A chunk that stands for a cluster, or for what belongs to none. */
export interface ClusterRepresentative {
    /** Its namespace. */
    namespace: string;
    /** Its id. */
    id: ChunkId;
    /** Cosine to the centre. */
    similarity: number;
}
/** A cluster. */
export interface ChunkCluster {
    /** Its number, from 0; the largest first. */
    index: number;
    /** Its three most distinctive terms: what its chunks are about. */
    label: string;
    /** Its ten most distinctive terms, best first; no word twice. */
    terms: ClusterTerm[];
    /** Chunks in it. */
    size: number;
    /** Share of all points. */
    share: number;
    /** Mean cosine of its chunks to its centre: 1 when all are alike. */
    cohesion: number;
    /** The chunks nearest to the centre, nearest first. */
    representatives: ClusterRepresentative[];
    /** Namespace and id of every chunk in it, with `members: true`. */
    members?: [string, ChunkId][];
}
/** Result of `cluster`. */
export interface ClusterReport {
    /** How they were found. */
    algorithm: ClusterAlgorithm;
    /** What chose samples and where to begin. */
    seed: number;
    /** Chunks with a vector that match. */
    chunks: number;
    /** Chunks that match and have no vector (stored without a model, or still waiting for it): they are in no cluster. */
    without_vector: number;
    /** Chunks left out because they cannot be read; `verify` names the places. */
    damaged: number;
    /** Chunks that were clustered; fewer than `chunks` when a sample was. */
    points: number;
    /** Mean silhouette of up to 1,000 chunks, -1 to 1: how much nearer a chunk is to its own cluster than to the next; `null` for fewer than two clusters. */
    silhouette: number | null;
    /** Mean cosine of the clustered chunks to their centre. */
    objective: number;
    /** The clusters, the largest first. */
    clusters: ChunkCluster[];
    /** Chunks unlike all others: of `kmeans` those far below the rest of their cluster, of `density` those in no cluster. */
    outliers: {
        /** How many. */
        count: number;
        /** At most 20, the most unlike first. */
        examples: ClusterRepresentative[];
    };
    /** Milliseconds it took. */
    duration_ms: number;
}
/** A chunk on the map. */
export interface MapPoint {
    /** Its id. */
    id: ChunkId;
    /** Its namespace. */
    namespace: string;
    /** Across, 0 to 1. */
    x: number;
    /** Up, 0 to 1; the longer side of the map has length 1. */
    y: number;
    /** Number of its cluster, the largest 0; `null` for an outlier of `density`. */
    cluster: number | null;
    /** Label of that cluster. */
    label: string | null;
    /** What it is. */
    chunk_type: ChunkType;
}
