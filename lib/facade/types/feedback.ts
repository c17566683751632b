import type { CallOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { ChunkId } from './chunk.js';

/** The members of {@link Feedback}; camelCase is taken as well. */
export interface FeedbackMembers {
  /** The chunk; it must exist. */
  chunk_id: ChunkId;
  /** Namespace of the chunk: `default`. */
  namespace?: string;
  /** The query that found it. Without one the feedback counts for the chunk alone and trains no preference between chunks. */
  query?: string;
  /**
   * `rating`: see `rating`. `success`, `failure`: it did the job, or not. `correction`: it was wrong, `correction` is how it should read.
   * `usage`: it was taken (opened, pasted, cited), nothing more is known.
   */
  kind: 'rating' | 'success' | 'failure' | 'correction' | 'usage';
  /** 0 (useless) to 1 (perfect); with kind `rating` alone. */
  rating?: number;
  /** The whole text as it should be; with kind `correction` alone. */
  correction?: string;
  /** Field of work whose ranking this trains, 1 to 128 bytes: `general`. */
  domain?: string;
  /** A remark that is kept with it: at most 4 KiB. */
  comment?: string;
}
/** What was said about a chunk. */
export type Feedback = EitherCase<FeedbackMembers>;
/** The members of {@link TrainingExample}; camelCase is taken as well. */
export interface TrainingExampleMembers {
  /** What was asked. */
  query: string;
  /** The better chunk. */
  preferred: ChunkId;
  /** The worse chunk. */
  rejected: ChunkId;
  /** Namespace of both: `default`. */
  namespace?: string;
  /** As in {@link Feedback}. */
  domain?: string;
}
/** A pair to train on: for `query`, `preferred` is better than `rejected`. */
export type TrainingExample = EitherCase<TrainingExampleMembers>;
/** The members of {@link TrainOptions}; camelCase is taken as well. */
export interface TrainOptionsMembers extends CallOptions {
  /** How strongly what other domains learned is protected (elastic weight consolidation), 0 (not at all) to 1,000: 10. */
  protection?: number;
  /** Train domains without new feedback as well: false. */
  all?: boolean;
}
/** Options of `trainIncremental`. */
export type TrainOptions = EitherCase<TrainOptionsMembers>;
/** How often chunks of the store are found by their own headline (title, description or name, else the first sentence). */
export interface KnownItemRate {
  /** Share that is among the first ten hits. */
  hit_at_10: number;
  /** Mean of 1 / place; 0 beyond the tenth. */
  mrr: number;
}
/** What became of the weights of searches without a domain: they take what a domain taught as far as others find no less by it. */
export interface SharedTraining {
  /** How much of the training they took: `part` is that by which chunks of the store are still found. */
  taken: 'all' | 'part' | 'none';
  /** Why not all of it. */
  reason: string | null;
  /**
   * Chunks that judged, searched by their own headline, at most 200: those found among the first ten of more than ten hits with
   * nothing learned. 0: nothing could be judged, and all was taken.
   */
  known_items: number;
  /** Those found without anything learned. */
  bundled: KnownItemRate;
  /** Those found by the shared weights before this training. */
  before: KnownItemRate;
  /** Those found by the shared weights in use now. */
  kept: KnownItemRate;
  /** Those found by weights fitted to the domain's pairs alone, when they were not taken. */
  rejected: KnownItemRate | null;
}
/** Training of one domain. Accuracies are shares of held-out pairs in the right order; a tie counts half. */
export interface DomainTraining {
  /** The domain. */
  domain: string;
  /** Queries that gave pairs to fit. */
  queries: number;
  /** Pairs fitted. */
  pairs: number;
  /** Queries held out. */
  held_out_queries: number;
  /** Their pairs. */
  held_out_pairs: number;
  /** By the weights so far; `null` when there is too little to measure. */
  accuracy_before: number | null;
  /** By the fitted weights. */
  accuracy_after: number | null;
  /** Are the fitted weights in use now? */
  applied: boolean;
  /** Why not. */
  reason: string | null;
  /** What searches without a domain took of it; `null` when nothing was applied. */
  shared: SharedTraining | null;
  /** What became of the domains trained earlier, by the shared weights. */
  retained: {
    /** The other domain. */
    domain: string;
    /** Before this training. */
    accuracy_before: number;
    /** Behind it. */
    accuracy_after: number;
  }[];
}
/** Result of `trainIncremental`. */
export interface TrainingResult {
  /** Events in the store. */
  events: number;
  /** Held-out pairs of the domains trained now. */
  held_out_pairs: number;
  /** Over all of them; `null` when there are none. */
  accuracy_before: number | null;
  /** Over all of them, by the weights in use now. */
  accuracy_after: number | null;
  /** Is anything new in use? */
  applied: boolean;
  /** Judged chunks that are gone, or not among the best hundred for their query: they gave no pair. */
  not_found: number;
  /** The domains trained, in order of name. */
  domains: DomainTraining[];
  /** How long it took. */
  duration_ms: number;
}
