//! Inverted lists in memory.

use std::collections::hash_map::Entry;

use super::{
    bm25::{Saturation, Statistics},
    posting::{Posting, Postings},
    terms::Digest,
    window::{Cursor, ROWS, Window, admits},
};
use crate::index::{
    hash::{ByHash, table_bytes},
    rows::RowSet,
    top::TopK,
};

/// The rows not sealed yet, or those being sealed.
///
/// Terms are kept as XXH3-64 hashes, not as text. A row costs about 5 bytes for each distinct term that other rows hold
/// too, about 25 for a term of its own. Lengths of rows are the caller's table.
#[derive(Debug, Default)]
pub(super) struct TextHead {
    terms: ByHash<Postings>,
    /// Rows inserted and neither dead nor forgotten.
    counted: RowSet,
    /// Sum of the lengths of `counted`.
    length_sum: u64,
    /// Rows that are dead and still have postings.
    dead: RowSet,
    /// Heap bytes of all postings.
    posting_bytes: usize,
}

impl TextHead {
    /// Rows inserted and neither dead nor forgotten.
    pub(super) fn rows(&self) -> &RowSet {
        &self.counted
    }

    /// Adds a row that is not here. Cost: a table look-up per distinct term.
    pub(super) fn insert(&mut self, row: u32, digest: &Digest) {
        debug_assert!(!self.counted.contains(row) && !self.dead.contains(row), "row {row} was not forgotten");
        for &(hash, frequency) in &digest.terms {
            self.add(hash, Posting { row, frequency });
        }
        self.counted.insert(row);
        self.length_sum += u64::from(digest.length);
    }

    /// Takes a row that is no longer live out of the cached statistics. O(1).
    pub(super) fn set_dead(&mut self, row: u32, length: u32) {
        if self.counted.remove(row) {
            self.length_sum -= u64::from(length);
            self.dead.insert(row);
        }
    }

    /// Purges rows, so that they can be given to other chunks. Cost: a pass over all postings.
    pub(super) fn forget(&mut self, rows: &RowSet, lengths: &[u32]) {
        if self.counted.and_len(rows) + self.dead.and_len(rows) == 0 {
            return;
        }
        for row in rows.iter() {
            self.set_dead(row, lengths.get(row as usize).copied().unwrap_or(0));
        }
        self.dead.and_not(rows);
        let mut bytes = 0;
        self.terms.retain(|_, postings| {
            let kept = postings.forget(rows);
            bytes += if kept { postings.bytes() } else { 0 };
            kept
        });
        self.posting_bytes = bytes;
        if self.terms.capacity() > 64 + 4 * self.terms.len() {
            self.terms.shrink_to_fit();
        }
    }

    /// Its rows that `live` holds. `whole`: all of them are.
    pub(super) fn statistics(&self, live: &RowSet, whole: bool, lengths: &[u32]) -> Statistics {
        if whole {
            return Statistics { documents: self.counted.len(), length_sum: self.length_sum };
        }
        let mut sum = Statistics::default();
        for row in self.counted.both(live) {
            sum.documents += 1;
            sum.length_sum += u64::from(lengths.get(row as usize).copied().unwrap_or(0));
        }
        sum
    }

    /// Rows of `live` that hold the term.
    pub(super) fn count(&self, hash: u64, live: &RowSet, whole: bool) -> usize {
        let Some(runs) = self.terms.get(&hash).map(Postings::runs) else { return 0 };
        if whole && self.dead.is_empty() {
            runs.iter().map(|run| run.len()).sum() // every posting is of a live row
        } else {
            runs.iter().flat_map(|run| run.iter()).filter(|p| live.contains(p.row)).count()
        }
    }

    /// Offers the allowed rows that hold any of the terms. Cost: 2 to 4 ns a posting.
    pub(super) fn offer(
        &self,
        terms: impl Iterator<Item = (u64, f32, u32)>,
        saturation: Saturation,
        lengths: &[u32],
        allowed: &RowSet,
        window: &mut Window,
        top: &mut TopK,
    ) {
        let mut cursors = Vec::new();
        for (hash, weight, group) in terms {
            let runs = self.terms.get(&hash).map(Postings::runs);
            cursors.extend(runs.into_iter().flatten().filter(|run| !run.is_empty()).map(|rest| Cursor { rest, weight, group }));
        }
        while let Some(next) = cursors.iter().filter_map(|c| c.rest.first()).map(|p| p.row).min() {
            let first_row = next - next % ROWS;
            let end = u64::from(first_row) + u64::from(ROWS);
            let admitted = admits(first_row, allowed);
            let lengths = lengths.get(first_row as usize..).unwrap_or_default();
            for group in cursors.chunk_by_mut(|a, b| a.group == b.group) {
                let alone = group.len() == 1;
                for cursor in group {
                    let postings = cursor.take_below(end);
                    for p in if admitted { postings } else { &[] } {
                        let at = p.row % ROWS;
                        let length = lengths.get(at as usize).copied().unwrap_or(0);
                        let share = cursor.weight * saturation.of(p.frequency, length);
                        if alone {
                            window.add(at, share);
                        } else {
                            window.raise(at, share);
                        }
                    }
                }
                if !alone {
                    window.settle();
                }
            }
            if admitted {
                window.drain(|at, score| {
                    let row = first_row + at;
                    if allowed.contains(row) {
                        top.offer(row, score);
                    }
                });
            }
        }
    }

    /// How often the row holds the term, weighed; 0 when it does not.
    pub(super) fn frequency(&self, hash: u64, row: u32) -> u8 {
        let runs = self.terms.get(&hash).map(Postings::runs);
        let find = |run: &[Posting]| run.binary_search_by_key(&row, |p| p.row).ok().map(|at| run[at].frequency);
        runs.into_iter().flatten().find_map(find).unwrap_or(0)
    }

    /// Estimated heap bytes. O(1).
    pub(super) fn bytes(&self) -> usize {
        table_bytes(&self.terms) + self.posting_bytes + self.counted.bytes() + self.dead.bytes()
    }

    fn add(&mut self, hash: u64, posting: Posting) {
        match self.terms.entry(hash) {
            Entry::Vacant(slot) => {
                slot.insert(Postings::One(posting));
            }
            Entry::Occupied(mut slot) => {
                let postings = slot.get_mut();
                let before = postings.bytes();
                postings.insert(posting);
                self.posting_bytes = self.posting_bytes + postings.bytes() - before; // merging runs may give memory back
            }
        }
    }
}
