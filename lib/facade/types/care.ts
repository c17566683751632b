/** Result of `verify`. */
export interface VerifyReport {
  /** Nothing is damaged. */
  ok: boolean;
  /** Records read. */
  records: number;
  /** Bytes read. */
  bytes: number;
  /** Damaged places, at most 1,000. */
  damaged: {
    /** Which file. */
    file: string;
    /** Where in it. */
    offset: number;
    /** What does not fit. */
    what: string;
  }[];
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
