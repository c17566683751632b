//! What the engine counts about its own work.
//!
//! Owns: latency histograms (`histogram`, by `stage`), what learning has done since the open, the report of both and of the
//! figures of a store (`report`), its text for Prometheus (`prometheus`). Must not know: where it is recorded, chunks, files.
//! In: durations. Out: `Metrics`. Recording takes no lock and allocates nothing: two additions to atomics beside the clock.

mod histogram;
mod prometheus;
mod recorder;
mod report;
mod stage;

pub use histogram::Histogram;
pub use recorder::{Laps, LearningCount, Recorder};
pub use report::{
    Accuracy, LatencyBucket, LatencyStats, LearningTotals, MemoryStats, Metrics, MetricsCaches, MetricsFormat, MetricsOptions,
    QualityDistribution,
};
pub use stage::Stage;
