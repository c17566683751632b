//! What a run did.

use serde::Serialize;

/// A file that was read after a repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepairedFile {
    /// Relative path.
    pub file: String,
    /// What was changed in the reading; the file itself stays as it is.
    pub repair: String,
}

/// A file that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvalidFile {
    /// Relative path.
    pub file: String,
    /// Byte where reading failed, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Why, and what to do.
    pub reason: String,
}

impl InvalidFile {
    pub(crate) fn new(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file: file.into(), offset: None, reason: reason.into() }
    }
}

/// Result of `learn_from_spikes`. `found = stored + updated + unchanged + skipped_generated +` the invalid regular files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LearningReport {
    /// Spike files in the folder.
    pub found: u64,
    /// Stored for the first time.
    pub stored: u64,
    /// Stored again because the content changed (or the run was not incremental).
    pub updated: u64,
    /// Left alone because the content is stored.
    pub unchanged: u64,
    /// Chunks deleted because their file is gone.
    pub removed: u64,
    /// Boilerplate left out.
    pub skipped_generated: u64,
    /// Files read after a repair, in order of path.
    pub repaired: Vec<RepairedFile>,
    /// Entries left out, in order of path; the chunk of an earlier, readable version stays.
    pub invalid: Vec<InvalidFile>,
    /// Milliseconds of the run.
    pub duration_ms: u64,
}
