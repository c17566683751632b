//! What a salvage saved, and what it could not.

use serde::Serialize;

use crate::report::Damage;

/// Most entries of a list.
const MOST: usize = 1_000;

/// A chunk that was saved in an older version than it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SteppedBack {
    /// Id.
    pub id: String,
    /// Namespace.
    pub namespace: String,
    /// The version that was saved.
    pub version: u32,
    /// The newest version there was, which cannot be read.
    pub lost_version: u32,
}

/// Result of `salvage`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SalvageReport {
    /// Nothing was damaged: the new store has all the source had.
    pub ok: bool,
    /// Chunks in the new store.
    pub chunks: u64,
    /// Of them those with their vector; the others' are computed when the store is opened with its model.
    pub vectors: u64,
    /// Chunks saved in an older version, because newer ones cannot be read.
    pub stepped_back: u64,
    /// The first 1,000 of them.
    pub stepped_back_chunks: Vec<SteppedBack>,
    /// Chunks known to have been there of which no version can be read.
    pub lost: u64,
    /// Chunks left out because they were deleted.
    pub deleted: u64,
    /// Chunks left out because their time was over.
    pub expired: u64,
    /// Deletes known from the id table alone: their records cannot be read, and they are honoured all the same.
    pub deletes_from_index: u64,
    /// Records read.
    pub records: u64,
    /// Of them those that lay in damaged groups.
    pub records_from_damaged_groups: u64,
    /// Records known to be lost: of groups whose header says how many there were.
    pub records_lost: u64,
    /// Bytes of the source that were read.
    pub bytes: u64,
    /// Dictionaries that are missing or damaged: what was compressed with them cannot be read.
    pub dictionaries_missing: Vec<u32>,
    /// Feedback events saved.
    pub feedback_events: u64,
    /// Damaged places in all.
    pub damages: u64,
    /// The first 1,000 of them.
    pub damaged: Vec<Damage>,
    /// What cannot be known, in words: read it before the new store takes the old one's place.
    pub warnings: Vec<String>,
}

impl SalvageReport {
    pub(super) fn damage(&mut self, damage: Damage) {
        self.damages += 1;
        if self.damaged.len() < MOST {
            self.damaged.push(damage);
        }
    }

    pub(super) fn step_back(&mut self, chunk: SteppedBack) {
        self.stepped_back += 1;
        if self.stepped_back_chunks.len() < MOST {
            self.stepped_back_chunks.push(chunk);
        }
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}
