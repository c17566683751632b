//! What a run is told.

use std::path::PathBuf;

use fluorite_memory::{CancelToken, DEFAULT_NAMESPACE, EmbedMode, Error, ProgressFn, Result};
use serde::Deserialize;

/// Largest `batch_size`.
pub(crate) const MAX_BATCH: usize = 1_000;

/// Options of one run; what is absent comes from `LearningConfig`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LearnOptions {
    /// Folder of spike templates; `spike_templates_path` of the configuration when absent.
    pub path: Option<PathBuf>,
    /// Also learn boilerplate (tag `generated`): false. Boilerplate learned earlier stays either way.
    pub include_generated: Option<bool>,
    /// Leave out files whose content is already stored: true.
    pub incremental: Option<bool>,
    /// Templates of a lower quality, 0 to 1, give no patterns: 0.7 (`docs/quality.md`).
    pub quality_threshold: Option<f32>,
    /// Do not store templates below the threshold: false. Generated ones that are asked for are not judged by it.
    pub skip_low_quality: Option<bool>,
    /// Draw patterns and combinations of frameworks from what is learned: true.
    pub patterns: Option<bool>,
    /// Templates per store call, 1 to 1,000: 32.
    pub batch_size: Option<usize>,
    /// Read files on several threads: true. The result is the same either way.
    pub parallel_processing: Option<bool>,
    /// When vectors are computed: `sync`.
    pub embed: Option<EmbedMode>,
    /// Namespace of the chunks: `default`.
    pub namespace: Option<String>,
    /// Reading threads when parallel; cores, at most 8, when absent.
    #[serde(skip)]
    pub num_threads: Option<usize>,
    /// Raised to stop the run; what was stored before stays.
    #[serde(skip)]
    pub cancel: CancelToken,
    /// Told after each step.
    #[serde(skip)]
    pub on_progress: Option<ProgressFn>,
}

/// The part of the configuration that learning uses.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningConfig {
    /// Folder of spike templates.
    pub spike_templates_path: Option<PathBuf>,
    /// Templates per store call: 32.
    pub batch_size: usize,
    /// Read files on several threads: true.
    pub parallel_processing: bool,
    /// Learn boilerplate: false.
    pub include_generated: bool,
    /// Leave out what is stored: true.
    pub incremental: bool,
    /// Least quality of a template that patterns are drawn from: 0.7.
    pub quality_threshold: f32,
    /// Reading threads; cores, at most 8, when absent.
    pub num_threads: Option<usize>,
}

impl Default for LearningConfig {
    fn default() -> Self {
        Self {
            spike_templates_path: None,
            batch_size: 32,
            parallel_processing: true,
            include_generated: false,
            incremental: true,
            quality_threshold: 0.7,
            num_threads: None,
        }
    }
}

impl LearningConfig {
    /// The options with every absent one taken from this configuration.
    #[must_use]
    pub fn complete(&self, options: LearnOptions) -> LearnOptions {
        LearnOptions {
            path: options.path.or_else(|| self.spike_templates_path.clone()),
            include_generated: options.include_generated.or(Some(self.include_generated)),
            incremental: options.incremental.or(Some(self.incremental)),
            quality_threshold: options.quality_threshold.or(Some(self.quality_threshold)),
            batch_size: options.batch_size.or(Some(self.batch_size)),
            parallel_processing: options.parallel_processing.or(Some(self.parallel_processing)),
            num_threads: options.num_threads.or(self.num_threads),
            ..options
        }
    }

    /// The same for a watch, whose folders are its own.
    #[must_use]
    pub fn complete_watched(&self, options: LearnOptions) -> LearnOptions {
        LearnOptions { path: options.path.clone(), ..self.complete(options) }
    }
}

impl LearnOptions {
    pub(crate) fn batch(&self) -> Result<usize> {
        match self.batch_size.unwrap_or(32) {
            n @ 1..=MAX_BATCH => Ok(n),
            n => Err(Error::argument(format!("batch_size must be 1 to {MAX_BATCH}; it is {n}"))),
        }
    }

    pub(crate) fn threshold(&self) -> Result<f32> {
        match self.quality_threshold.unwrap_or(0.7) {
            q if (0.0..=1.0).contains(&q) => Ok(q),
            q => Err(Error::argument(format!("quality_threshold must be 0 to 1; it is {q}"))),
        }
    }

    pub(crate) fn threads(&self) -> usize {
        reading_threads(self.parallel_processing, self.num_threads)
    }

    pub(crate) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }
}

/// Threads that read files.
pub(crate) fn reading_threads(parallel: Option<bool>, asked: Option<usize>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from).min(8);
    if parallel == Some(false) { 1 } else { asked.unwrap_or_else(cores).clamp(1, 64) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    #[test]
    fn options_come_before_the_configuration() {
        let config = LearningConfig { batch_size: 7, include_generated: true, ..LearningConfig::default() };
        let o = config.complete(LearnOptions { include_generated: Some(false), ..LearnOptions::default() });
        assert_eq!((o.batch().unwrap(), o.include_generated, o.incremental), (7, Some(false), Some(true)));
    }

    #[test]
    fn ranges_are_checked_and_one_thread_means_one() {
        let o = LearnOptions {
            batch_size: Some(0),
            parallel_processing: Some(false),
            num_threads: Some(9),
            ..LearnOptions::default()
        };
        assert_eq!((o.batch().unwrap_err().code(), o.threads()), ("INVALID_ARGUMENT", 1));
    }
}
