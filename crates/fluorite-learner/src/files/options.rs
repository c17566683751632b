//! What a run is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fluorite_memory::{CancelToken, DEFAULT_NAMESPACE, EmbedMode, Error, ProgressFn, Result};
use serde::Deserialize;

use crate::learn::reading_threads;

/// Most paths of one call.
const MOST_PATHS: usize = 1_000;

/// Options of `learn_from_files`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileOptions {
    /// Namespace of the chunks: `default`.
    pub namespace: Option<String>,
    /// Leave out files whose content is already stored: true.
    pub incremental: Option<bool>,
    /// Leave out what `.gitignore` and `.ignore` files name: true.
    pub gitignore: Option<bool>,
    /// Largest file in bytes, 1 to 16 MiB: 1 MiB. Larger ones are reported and left out.
    pub max_file_bytes: Option<u64>,
    /// Most tokens of a chunk, about (a quarter of its bytes), 16 to 8,192: 200.
    pub max_tokens: Option<usize>,
    /// Read and cut files on several threads: true. The result is the same either way.
    pub parallel_processing: Option<bool>,
    /// When vectors are computed: `sync`.
    pub embed: Option<EmbedMode>,
    /// What chunks remember as their folder in place of the path, by path as it is given: for copies of what lies elsewhere. Nothing above
    /// such a folder is looked at for `.gitignore`.
    pub folder_names: Option<BTreeMap<PathBuf, String>>,
    /// Threads when parallel; cores, at most 8, when absent.
    #[serde(skip)]
    pub num_threads: Option<usize>,
    /// Raised to stop the run; what was stored before stays.
    #[serde(skip)]
    pub cancel: CancelToken,
    /// Told after each step.
    #[serde(skip)]
    pub on_progress: Option<ProgressFn>,
}

impl FileOptions {
    pub(crate) fn checked(&self, paths: usize) -> Result<()> {
        if paths == 0 || paths > MOST_PATHS {
            return Err(Error::argument(format!("paths must name 1 to {MOST_PATHS} files or folders")));
        }
        if !(1..=16 << 20).contains(&self.max_file_bytes()) {
            return Err(Error::argument(format!("max_file_bytes must be 1 to {}; it is {}", 16 << 20, self.max_file_bytes())));
        }
        if !(16..=8_192).contains(&self.max_tokens()) {
            return Err(Error::argument(format!("max_tokens must be 16 to 8192; it is {}", self.max_tokens())));
        }
        Ok(())
    }

    pub(super) fn max_file_bytes(&self) -> u64 {
        self.max_file_bytes.unwrap_or(1 << 20)
    }

    pub(super) fn max_tokens(&self) -> usize {
        self.max_tokens.unwrap_or(200)
    }

    pub(super) fn name_of(&self, path: &Path) -> Option<String> {
        self.folder_names.as_ref()?.get(path).cloned()
    }

    pub(crate) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }

    pub(super) fn threads(&self) -> usize {
        reading_threads(self.parallel_processing, self.num_threads)
    }
}
