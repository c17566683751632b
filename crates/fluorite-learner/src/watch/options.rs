//! What a watch is told.

use std::path::PathBuf;
use std::time::Duration;

use fluorite_memory::{CancelToken, Error, Result};
use serde::Deserialize;

use crate::files::FileOptions;
use crate::learn::LearnOptions;

/// Options of `watch`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchOptions {
    /// Folders of spike templates.
    pub spikes: Vec<PathBuf>,
    /// Files and folders, as `learn_from_files` takes them.
    pub paths: Vec<PathBuf>,
    /// How `spikes` are learned; patterns are drawn only with `patterns: true`.
    pub spike_options: LearnOptions,
    /// How `paths` are learned.
    pub file_options: FileOptions,
    /// Namespace of all chunks: `default`.
    pub namespace: Option<String>,
    /// Milliseconds without a change before what has changed is learned, 1 to 60,000: 300. Changes without a pause are learned after ten times that.
    pub debounce_ms: Option<u64>,
    /// Look every so many milliseconds, 10 to 3,600,000, where the system tells of no changes (network folders, exhausted watches).
    pub poll_interval_ms: Option<u64>,
    /// Raised to end the watch.
    #[serde(skip)]
    pub cancel: CancelToken,
}

impl WatchOptions {
    pub(super) fn checked(mut self) -> Result<Self> {
        let within = |name: &str, value: Option<u64>, least: u64, most: u64| match value {
            Some(n) if !(least..=most).contains(&n) => {
                Err(Error::argument(format!("{name} must be {least} to {most}; it is {n}")))
            }
            _ => Ok(()),
        };
        within("debounce_ms", self.debounce_ms, 1, 60_000)?;
        within("poll_interval_ms", self.poll_interval_ms, 10, 3_600_000)?;
        if self.spikes.is_empty() && self.paths.is_empty() {
            return Err(Error::argument("nothing to watch: name folders in spikes or paths, or set spike_templates_path"));
        }
        if self.spike_options.path.is_some() {
            return Err(Error::argument("spike_options.path is not for a watch: name folders in spikes"));
        }
        if self.spike_options.namespace.is_some() || self.file_options.namespace.is_some() {
            return Err(Error::argument("a watch has one namespace: name it beside spike_options and file_options, not in them"));
        }
        self.spike_options.batch()?;
        self.spike_options.threshold()?;
        self.file_options.checked(1)?;
        self.spike_options.patterns = Some(self.spike_options.patterns == Some(true));
        self.spike_options.namespace.clone_from(&self.namespace);
        self.file_options.namespace.clone_from(&self.namespace);
        Ok(self)
    }

    pub(super) fn debounce(&self) -> Duration {
        Duration::from_millis(self.debounce_ms.unwrap_or(300))
    }
}
