//! What `metrics` reports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cancel::CancelToken;
use crate::options::{ProgressFn, SearchFilter};
use crate::report::CacheStats;

/// How metrics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricsFormat {
    /// An object.
    #[default]
    Json,
    /// The text exposition format of Prometheus.
    Prometheus,
}

/// Options of `metrics`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsOptions {
    /// An object when absent.
    pub format: Option<MetricsFormat>,
    /// Measure `accuracy` now: costs a search for each chunk of the sample. `false` when absent: what was measured last is told.
    pub accuracy: Option<bool>,
    /// Chunks that accuracy is measured on: 200, 1 to 10,000.
    pub sample: Option<usize>,
    /// Chooses the sample: 0 when absent.
    pub seed: Option<u64>,
    /// Chunks that accuracy is measured on and among: all when absent.
    pub filter: Option<SearchFilter>,
    /// Raised to stop the call.
    #[serde(skip)]
    pub cancel: CancelToken,
    /// Told how many of the sample are searched.
    #[serde(skip)]
    pub on_progress: Option<ProgressFn>,
}

/// Durations of a stage up to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LatencyBucket {
    /// The bound, in seconds.
    pub le_seconds: f64,
    /// How many were shorter.
    pub count: u64,
}

/// Latency of a stage since the open.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LatencyStats {
    /// Durations counted.
    pub count: u64,
    /// Their sum.
    pub sum_seconds: f64,
    /// Half took no longer; at most 12.5 % above the truth, as the other two.
    pub p50_seconds: f64,
    /// 95 % took no longer.
    pub p95_seconds: f64,
    /// 99 % took no longer.
    pub p99_seconds: f64,
    /// The longest.
    pub max_seconds: f64,
    /// By doublings from 1.024 us to the first bound above all of them, each with everything below it.
    pub buckets: Vec<LatencyBucket>,
}

/// What learning did since the open, through this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LearningTotals {
    /// Runs, failed ones included.
    pub runs: u64,
    /// Runs that ended with an error or were cancelled.
    pub failed_runs: u64,
    /// Files looked at.
    pub files: u64,
    /// Chunks stored.
    pub stored: u64,
    /// Chunks removed.
    pub removed: u64,
    /// Files that could not be read.
    pub invalid: u64,
    /// Time of all runs.
    pub seconds: f64,
    /// `files / seconds`; 0 before the first run.
    pub files_per_second: f64,
    /// The same of the last run.
    pub last_files_per_second: f64,
}

/// Quality scores of the live chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct QualityDistribution {
    /// Live chunks.
    pub chunks: u64,
    /// Mean score; 0 for an empty store. A chunk stored without a score has 0.5.
    pub mean: f64,
    /// How many score 0 to below .1, .1 to below .2, ..., .9 to 1.
    pub histogram: [u64; 10],
}

/// Bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct MemoryStats {
    /// All files of the store.
    pub disk_bytes: u64,
    /// Files of the store that are mapped.
    pub mapped_bytes: u64,
    /// Of these, what is in memory; `None` where the system does not tell (it does on Linux).
    pub mapped_resident_bytes: Option<u64>,
    /// Indexes and tables on the heap (estimate: allocations' capacities).
    pub index_bytes: u64,
    /// Resident memory of the process; 0 where it cannot be read.
    pub process_rss_bytes: u64,
}

/// The caches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct MetricsCaches {
    /// Decompressed chunks.
    pub chunks: CacheStats,
    /// Embeddings.
    pub embeddings: CacheStats,
}

/// How well searches find what belongs together, measured on a sample of the store's own chunks. `docs/metrics.md` defines it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Accuracy {
    /// Chunks looked at.
    pub sampled: u64,
    /// Of these, those with a relative: another chunk of the namespace with the same rarest label. The others do not count in
    /// `hit_at_10` and `chance`.
    pub measured: u64,
    /// Share of `measured` whose headline finds a relative among the first 10 hits, the chunk itself left out.
    pub hit_at_10: f64,
    /// The same if the 10 were drawn at random.
    pub chance: f64,
    /// Share of `sampled` whose headline finds the chunk itself among the first 10 hits.
    pub known_item_hit_at_10: f64,
    /// Mean of 1 / rank of the chunk itself; 0 where it is not among the first 10.
    pub known_item_mrr: f64,
    /// What chose the sample.
    pub seed: u64,
    /// How the searches ran: `hybrid`, or `lexical` without the model.
    pub mode: &'static str,
    /// Milliseconds since the epoch when it was measured.
    pub measured_at: i64,
    /// Milliseconds it took.
    pub duration_ms: u64,
}

/// Result of `metrics`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Metrics {
    /// Seconds since the store was opened; all counters begin there.
    pub uptime_seconds: f64,
    /// Chunks that can be found.
    pub chunks: u64,
    /// Chunks with a vector.
    pub vectors: u64,
    /// Chunks whose vector is still to be computed.
    pub pending: u64,
    /// Calls waiting or running.
    pub calls: u64,
    /// Worker threads.
    pub threads: u64,
    /// What learning did.
    pub learning: LearningTotals,
    /// Quality scores.
    pub quality: QualityDistribution,
    /// Bytes.
    pub memory: MemoryStats,
    /// Caches.
    pub caches: MetricsCaches,
    /// As it was last measured since the open; `None` before.
    pub accuracy: Option<Accuracy>,
    /// Latency by stage.
    pub latency: BTreeMap<&'static str, LatencyStats>,
}
