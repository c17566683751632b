//! What a run did.

use serde::Serialize;

use crate::frameworks::Combination;
use crate::pattern::Pattern;

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

/// How good templates are.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// Templates scored.
    pub scored: u64,
    /// Their mean score, 0 when there is none.
    pub mean: f64,
    /// How many score 0 to below .1, .1 to below .2, ..., .9 to 1.
    pub histogram: [u64; 10],
}

impl Histogram {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // a score
    pub(crate) fn add(&mut self, score: f32) {
        self.histogram[((score * 10.0 + 1e-4) as usize).min(9)] += 1;
        self.scored += 1;
        self.mean += (f64::from(score) - self.mean) / self.scored as f64;
    }
}

/// How good the templates of a folder are: all readable ones that are not boilerplate.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QualityReport {
    /// Least quality that patterns are drawn from.
    pub threshold: f32,
    /// Their scores.
    #[serde(flatten)]
    pub scores: Histogram,
}

/// Result of `learn_from_spikes`.
/// `found = stored + updated + unchanged + skipped_generated + skipped_low_quality +` the invalid regular files.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
    /// Boilerplate left out, told by its tag or its text.
    pub skipped_generated: u64,
    /// Templates below the quality threshold, left out (`skip_low_quality`).
    pub skipped_low_quality: u64,
    /// Readable templates, boilerplate aside, whose files are to the byte those of another one.
    pub duplicates: u64,
    /// Scores of the folder's templates.
    pub quality: QualityReport,
    /// Files read after a repair, in order of path.
    pub repaired: Vec<RepairedFile>,
    /// Entries left out, in order of path; the chunk of an earlier, readable version stays.
    pub invalid: Vec<InvalidFile>,
    /// One reusable pattern of each family of three or more templates at or above the threshold that are nearly alike, by id: chunks that can be stored.
    pub patterns: Vec<Pattern>,
    /// Frameworks that occur together in three or more templates at or above the threshold, pairs first, most support first.
    pub combinations: Vec<Combination>,
    /// Milliseconds of the run.
    pub duration_ms: u64,
}
