//! Inverted lists in memory.

use std::collections::hash_map::Entry;

use xxhash_rust::xxh3::xxh3_64;

use super::{
    bm25::Statistics,
    posting::{Posting, Postings},
    tokens::for_each_term,
    window::{Cursor, ROWS, Window, admits},
};
use crate::index::{
    hash::{ByHash, table_bytes},
    rows::RowSet,
    top::TopK,
};

/// What a text is to its chunk; its words count this many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Content: once.
    Body,
    /// Id, title, name of what it defines: three times.
    Name,
    /// Tags and frameworks: twice.
    Tags,
    /// Path or other source: twice.
    Path,
}

impl Field {
    /// How many times a word of this field counts.
    #[must_use]
    pub const fn weight(self) -> u8 {
        match self {
            Self::Body => 1,
            Self::Name => 3,
            Self::Tags | Self::Path => 2,
        }
    }
}

/// Finds rows by words, searchable as soon as they are inserted.
///
/// Terms are kept as XXH3-64 hashes, not as text. A row costs about 5 bytes for each distinct term that other rows hold
/// too, about 25 for a term of its own, and 4 for its length.
#[derive(Debug, Default)]
pub struct TextHead {
    terms: ByHash<Postings>,
    /// Terms of each row, unweighted.
    lengths: Vec<u32>,
    /// Rows inserted and neither dead nor forgotten.
    counted: RowSet,
    /// Sum of the lengths of `counted`.
    length_sum: u64,
    /// Rows that are dead and still have postings.
    dead: RowSet,
    /// The terms of the row being inserted.
    scratch: Vec<(u64, u8)>,
    /// Heap bytes of all postings.
    posting_bytes: usize,
}

impl TextHead {
    /// The empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rows inserted and neither dead nor forgotten.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counted.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }

    /// Whether the row was inserted and is neither dead nor forgotten.
    #[must_use]
    pub fn has(&self, row: u32) -> bool {
        self.counted.contains(row)
    }

    /// Adds a row's texts.
    ///
    /// A row that held something else must have gone through [`forget`](Self::forget) first. Cost: tokenising, and a
    /// table look-up per distinct term; about 20 µs per KB.
    pub fn insert(&mut self, row: u32, parts: &[(&str, Field)]) {
        debug_assert!(!self.counted.contains(row) && !self.dead.contains(row), "row {row} was not forgotten");
        let mut found = std::mem::take(&mut self.scratch);
        for (text, field) in parts {
            let weight = field.weight();
            for_each_term(text, &mut |term| found.push((xxh3_64(term.as_bytes()), weight)));
        }
        let length = u32::try_from(found.len()).unwrap_or(u32::MAX);
        found.sort_unstable_by_key(|&(hash, _)| hash);
        for same in found.chunk_by(|a, b| a.0 == b.0) {
            let frequency = same.iter().fold(0, |sum: u8, &(_, weight)| sum.saturating_add(weight));
            if let Some(&(hash, _)) = same.first() {
                self.add(hash, Posting { row, frequency });
            }
        }
        found.clear();
        found.shrink_to(4_096);
        self.scratch = found;
        let at = row as usize;
        if at >= self.lengths.len() {
            self.lengths.resize(at + 1, 0);
        }
        self.lengths[at] = length;
        self.counted.insert(row);
        self.length_sum += u64::from(length);
    }

    /// Takes a row that is no longer live out of the cached statistics. O(1).
    ///
    /// Searches are exact without it, given the right `live`; with it they need no pass over `live`.
    pub fn set_dead(&mut self, row: u32) {
        if self.counted.remove(row) {
            self.length_sum -= self.length(row);
            self.dead.insert(row);
        }
    }

    /// Purges rows, so that they can be given to other chunks. Cost: a pass over all postings; give many rows at once.
    pub fn forget(&mut self, rows: &RowSet) {
        if self.counted.and_len(rows) + self.dead.and_len(rows) == 0 {
            return;
        }
        for row in rows.iter() {
            self.set_dead(row);
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

    /// The best `k` rows by BM25, best first, ties to the lower row; `[]` when no term matches.
    ///
    /// `allowed` are the rows that may be returned (live, and let through by the filter). `live` are the rows whose
    /// statistics count: all live rows, or the live rows of a namespace, for scores as if the store held only those.
    /// Rows without text here do not count. Terms said twice in the query count once. Cost: 2 to 4 ns per posting of
    /// the query's terms, plus a pass over `live` when it is less than all.
    #[must_use]
    pub fn search(&self, query: &str, allowed: &RowSet, live: &RowSet, k: usize) -> Vec<(u32, f32)> {
        if k == 0 || allowed.is_empty() || self.terms.is_empty() {
            return Vec::new();
        }
        let whole = self.counted.is_subset(live);
        let statistics = self.statistics(live, whole);
        let mut cursors = self.cursors(query, live, whole, statistics);
        let saturation = statistics.saturation();
        let mut top = TopK::new(k);
        let mut window = Window::new();
        while let Some(next) = cursors.iter().filter_map(|c| c.rest.first()).map(|p| p.row).min() {
            let first_row = next - next % ROWS;
            let end = u64::from(first_row) + u64::from(ROWS);
            let admitted = admits(first_row, allowed);
            let lengths = self.lengths.get(first_row as usize..).unwrap_or_default();
            for cursor in &mut cursors {
                let postings = cursor.take_below(end);
                if admitted {
                    window.add(postings, cursor.weight, saturation, lengths);
                }
            }
            if admitted {
                window.drain(first_row, allowed, &mut top);
            }
        }
        top.into_best_first()
    }

    /// Estimated heap bytes. O(1).
    #[must_use]
    pub fn bytes(&self) -> usize {
        table_bytes(&self.terms)
            + self.posting_bytes
            + self.lengths.capacity() * 4
            + self.counted.bytes()
            + self.dead.bytes()
            + self.scratch.capacity() * size_of::<(u64, u8)>()
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

    fn length(&self, row: u32) -> u64 {
        self.lengths.get(row as usize).copied().unwrap_or(0).into()
    }

    /// `whole`: every counted row is in `live`.
    fn statistics(&self, live: &RowSet, whole: bool) -> Statistics {
        if whole {
            return Statistics { documents: self.counted.len(), length_sum: self.length_sum };
        }
        let mut rows = self.counted.clone();
        rows.and(live);
        Statistics { documents: rows.len(), length_sum: rows.iter().map(|row| self.length(row)).sum() }
    }

    /// The query's distinct terms that a live row holds.
    fn cursors(&self, query: &str, live: &RowSet, whole: bool, statistics: Statistics) -> Vec<Cursor<'_>> {
        let mut hashes = Vec::new();
        for_each_term(query, &mut |term| hashes.push(xxh3_64(term.as_bytes())));
        hashes.sort_unstable();
        hashes.dedup();
        let mut cursors = Vec::with_capacity(hashes.len());
        for runs in hashes.iter().filter_map(|hash| self.terms.get(hash)).map(Postings::runs) {
            let counted: usize = if whole && self.dead.is_empty() {
                runs.iter().map(|run| run.len()).sum() // every posting is of a live row
            } else {
                runs.iter().flat_map(|run| run.iter()).filter(|p| live.contains(p.row)).count()
            };
            if counted > 0 {
                let weight = statistics.weight(counted);
                cursors.extend(runs.into_iter().filter(|run| !run.is_empty()).map(|rest| Cursor { rest, weight }));
            }
        }
        cursors
    }
}
