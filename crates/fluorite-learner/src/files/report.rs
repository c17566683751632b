//! What a run did.

use serde::Serialize;

use crate::learn::InvalidFile;

/// Result of `learn_from_files`. `found = stored + updated + renamed + unchanged + empty +` the found files among `invalid`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FilesReport {
    /// Files of a kind that is learned.
    pub found: u64,
    /// Files learned for the first time.
    pub stored: u64,
    /// Files learned again because they changed (or the run was not incremental).
    pub updated: u64,
    /// Files that only have another name: their chunks keep ids and history.
    pub renamed: u64,
    /// Files left alone because their content is stored.
    pub unchanged: u64,
    /// Files without any text: there is nothing to learn.
    pub empty: u64,
    /// Files that are gone, with their chunks.
    pub removed: u64,
    /// Files of other kinds, left out.
    pub other: u64,
    /// Chunks written.
    pub chunks_stored: u64,
    /// Chunks deleted.
    pub chunks_removed: u64,
    /// Entries left out and why, in order of path; the chunks of an earlier, readable version stay.
    pub invalid: Vec<InvalidFile>,
    /// Catalogs that do not parse, in order of path: learned all the same, by their lines.
    pub unparsed: Vec<InvalidFile>,
    /// Milliseconds of the run.
    pub duration_ms: u64,
}
