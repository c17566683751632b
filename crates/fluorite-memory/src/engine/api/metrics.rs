//! Metrics.

use super::Engine;
use crate::metrics::{LearningCount, Metrics, MetricsOptions};
use crate::pending::Pending;

impl Engine {
    /// Latency, caches, memory, quality and learning; `docs/metrics.md` says what each figure is.
    /// Cost: a pass over the tables in memory, and over `/proc/self/smaps` (some ms on a large store); with `accuracy` reading
    /// every chunk that matches once, and a search for each chunk of the sample.
    /// Errors: `INVALID_ARGUMENT` (sample, filter), `ABORTED`.
    pub fn metrics(&self, options: MetricsOptions) -> Pending<Metrics> {
        self.on_pool(move |shared| shared.gather_metrics(&options))
    }

    /// Counts a run of learning, which happens above the engine.
    pub fn count_learning(&self, run: &LearningCount) {
        self.0.shared.metrics.learned(run);
    }
}
