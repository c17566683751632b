//! Where the engine writes down what it does.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Accuracy, Histogram, LatencyStats, LearningTotals, Stage};

/// One run of learning, as it is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LearningCount {
    /// Files looked at.
    pub files: u64,
    /// Chunks stored, new or again.
    pub stored: u64,
    /// Chunks removed.
    pub removed: u64,
    /// Files that could not be read.
    pub invalid: u64,
    /// How long it took.
    pub took: Duration,
    /// It ended with an error, or was cancelled.
    pub failed: bool,
}

/// Counters of an open store.
#[derive(Debug)]
pub struct Recorder {
    opened: Instant,
    stages: [Histogram; Stage::ALL.len()],
    learning: Mutex<LearningTotals>,
    /// As it was last measured.
    pub accuracy: Mutex<Option<Accuracy>>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { opened: Instant::now(), stages: Default::default(), learning: Mutex::default(), accuracy: Mutex::default() }
    }
}

impl Recorder {
    /// Adds to a stage's histogram.
    pub fn record(&self, stage: Stage, took: Duration) {
        if let Some(h) = self.stages.get(stage as usize) {
            h.record(took);
        }
    }

    /// Runs `work`; its time counts when it succeeds.
    pub fn timed<T, E>(&self, stage: Stage, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let started = Instant::now();
        let done = work()?;
        self.record(stage, started.elapsed());
        Ok(done)
    }

    /// Counts a run of learning.
    #[allow(clippy::cast_precision_loss)] // a rate
    pub fn learned(&self, run: &LearningCount) {
        let mut all = self.learning.lock();
        let seconds = run.took.as_secs_f64();
        all.runs += 1;
        all.failed_runs += u64::from(run.failed);
        all.files += run.files;
        all.stored += run.stored;
        all.removed += run.removed;
        all.invalid += run.invalid;
        all.seconds += seconds;
        all.files_per_second = if all.seconds > 0.0 { all.files as f64 / all.seconds } else { 0.0 };
        all.last_files_per_second = if seconds > 0.0 { run.files as f64 / seconds } else { 0.0 };
    }

    /// What learning did.
    pub fn learning(&self) -> LearningTotals {
        *self.learning.lock()
    }

    /// The histograms, in the order of `Stage::ALL`.
    pub fn latency(&self) -> Vec<(Stage, LatencyStats)> {
        Stage::ALL.into_iter().zip(self.stages.iter().map(Histogram::stats)).collect()
    }

    /// Seconds since the store was opened.
    pub fn uptime(&self) -> f64 {
        self.opened.elapsed().as_secs_f64()
    }
}

/// Times the stages of one search; they count when it is done.
#[derive(Debug)]
pub struct Laps {
    at: Instant,
    took: [Option<Duration>; Stage::ALL.len()],
}

impl Laps {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Self {
        Self { at: Instant::now(), took: Default::default() }
    }

    /// What was done since the last lap was this stage.
    pub fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        if let Some(took) = self.took.get_mut(stage as usize) {
            *took = Some(took.unwrap_or_default() + now.duration_since(self.at));
        }
        self.at = now;
    }

    /// What was done since the last lap is no stage.
    pub fn skip(&mut self) {
        self.at = Instant::now();
    }

    /// Counts the laps.
    pub fn record(&self, to: &Recorder) {
        for (stage, took) in Stage::ALL.into_iter().zip(&self.took) {
            if let Some(took) = took {
                to.record(stage, *took);
            }
        }
    }
}
