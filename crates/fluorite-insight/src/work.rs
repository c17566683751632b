//! What long work carries: threads, a flag to stop, who is told how far it is.

use std::time::Instant;

use fluorite_memory::{CancelToken, Error, Progress, ProgressFn, Result};

/// Most threads when the caller does not say.
const MOST_THREADS: usize = 8;

/// A piece of long work.
pub struct Work {
    pool: rayon::ThreadPool,
    cancel: CancelToken,
    progress: Option<ProgressFn>,
    started: Instant,
}

impl Work {
    /// On so many threads (cores, at most 8, when absent).
    ///
    /// # Errors
    /// `INTERNAL` when threads cannot be started.
    pub fn new(threads: Option<usize>, cancel: CancelToken, progress: Option<ProgressFn>) -> Result<Self> {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_THREADS);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or_else(cores).max(1))
            .thread_name(|i| format!("fluorite-insight-{i}"))
            .build()
            .map_err(|e| Error::internal(format!("threads could not be started: {e}")))?;
        Ok(Self { pool, cancel, progress, started: Instant::now() })
    }

    /// `Err(Aborted)` when it is to stop.
    ///
    /// # Errors
    /// `ABORTED`.
    pub fn check(&self) -> Result<()> {
        self.cancel.check()
    }

    /// The flag.
    #[must_use]
    pub fn cancel(&self) -> CancelToken {
        self.cancel.clone()
    }

    /// Runs on the threads.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Milliseconds so far.
    #[must_use]
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Tells how far it is.
    #[allow(clippy::cast_precision_loss)] // a rate
    pub fn told(&self, phase: &'static str, done: usize, total: usize) {
        let Some(tell) = &self.progress else { return };
        let rate = done as f64 / self.started.elapsed().as_secs_f64().max(1e-6);
        let seconds_left = (rate > 0.0).then(|| (total - done.min(total)) as f64 / rate);
        tell(Progress { phase, done: done as u64, total: Some(total as u64), rate, seconds_left });
    }
}
