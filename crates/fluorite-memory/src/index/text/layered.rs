//! All text of a store: heads in memory, and sealed segments.

use std::sync::Arc;

use super::{
    head::TextHead,
    query::TextQuery,
    segment::TextSegment,
    slot::{NONE, Slot},
    terms::{Digest, QueryTerms},
};
use crate::error::Result;
use crate::index::rows::RowSet;

/// Where a sealed row is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Number of the segment; `NONE` when it is in none.
    segment: u32,
    pub(super) doc: u32,
}

const NOWHERE: Place = Place { segment: NONE, doc: 0 };

/// Finds rows by words: rows just inserted in memory, others in sealed segments, with the same scores to the bit wherever
/// a row is.
///
/// Heap of a sealed row: 16 bytes. A row in memory costs about 5 bytes for each distinct term that other rows hold too,
/// about 25 for a term of its own, and 4 for its length.
#[derive(Debug, Default)]
pub struct TextIndex {
    /// What takes in rows.
    pub(super) head: TextHead,
    /// Full heads on their way into a segment, oldest first, with numbers that are never used again.
    pub(super) full: Vec<(u64, TextHead)>,
    next_full: u64,
    pub(super) slots: Vec<Slot>,
    places: Vec<Place>,
    /// Terms of each row, unweighed.
    pub(super) lengths: Vec<u32>,
}

/// A segment as the engine sees it.
#[derive(Debug, Clone)]
pub struct TextInfo {
    /// The segment.
    pub segment: Arc<TextSegment>,
    /// Documents that are still rows.
    pub rows: usize,
}

/// Heads and segments that were taken out: dropping them takes a while.
#[derive(Debug, Default)]
pub struct Retired {
    _heads: Vec<(u64, TextHead)>,
    _slots: Vec<Slot>,
}

impl TextIndex {
    /// The empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rows inserted and neither dead nor forgotten.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heads().map(|h| h.rows().len()).sum::<usize>() + self.slots.iter().map(|s| s.present().len()).sum::<usize>()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the row was inserted and is neither dead nor forgotten.
    #[must_use]
    pub fn has(&self, row: u32) -> bool {
        self.place(row).is_some() || self.heads().any(|h| h.rows().contains(row))
    }

    /// Adds a row. One that held something else must have gone through [`forget`](Self::forget) first. Cost: a table look-up
    /// per distinct term.
    pub fn insert(&mut self, row: u32, digest: &Digest) {
        debug_assert!(!self.has(row), "row {row} was not forgotten");
        self.set_length(row, digest.length);
        self.head.insert(row, digest);
    }

    /// Takes a row that is no longer live out of the statistics. O(1).
    ///
    /// Searches are exact without it, given the right `live`; with it they need no pass over postings to count.
    pub fn set_dead(&mut self, row: u32) {
        if let Some((at, doc)) = self.place(row) {
            self.slots[at].remove(doc);
            self.places[row as usize] = NOWHERE;
            return;
        }
        let length = self.lengths.get(row as usize).copied().unwrap_or(0);
        self.head.set_dead(row, length);
        self.full.iter_mut().for_each(|(_, head)| head.set_dead(row, length));
    }

    /// Purges rows, so that they can be given to other chunks. Cost: a pass over all postings in memory; give many at once.
    pub fn forget(&mut self, rows: &RowSet) {
        for row in rows.iter() {
            self.set_dead(row);
        }
        self.head.forget(rows, &self.lengths);
        self.full.iter_mut().for_each(|(_, head)| head.forget(rows, &self.lengths));
    }

    /// The best `k` rows by BM25, best first, ties to the lower row; `[]` when no term matches.
    ///
    /// `allowed` are the rows that may be returned (live, and let through by the filter). `live` are the rows whose
    /// statistics count: all live rows, or the live rows of a namespace, for scores as if the store held only those.
    /// Rows without text here do not count. Terms said twice in the query count once. Cost: 2 to 5 ns per posting of
    /// the query's terms, and 1 to 2 more in segments where rows are dead or not in `live`.
    ///
    /// # Errors
    /// `Internal` when a segment was not prepared.
    pub fn search(&self, query: &str, allowed: &RowSet, live: &RowSet, k: usize) -> Result<Vec<(u32, f32)>> {
        if k == 0 || allowed.is_empty() {
            return Ok(Vec::new());
        }
        self.query(&QueryTerms::new(query), live)?.search(allowed, k)
    }

    /// The raw BM25 scores of these rows, in their order; 0 where no term matches or the row is not here.
    ///
    /// # Errors
    /// `Internal` when a segment was not prepared.
    pub fn score_rows(&self, query: &str, rows: &[u32], live: &RowSet) -> Result<Vec<f32>> {
        self.query(&QueryTerms::new(query), live)?.score_rows(rows)
    }

    /// The terms with their statistics over `live`: what all searches, scores and frequencies of one query share.
    ///
    /// # Errors
    /// `Internal` when a segment was not prepared.
    pub fn query<'a>(&'a self, terms: &'a QueryTerms, live: &'a RowSet) -> Result<TextQuery<'a>> {
        TextQuery::new(self, terms, live)
    }

    /// Ends the head that takes in rows when it holds this many or more, so that it can be sealed; true when it did.
    pub fn end_head(&mut self, rows: usize) -> bool {
        let full = self.head.rows().len() >= rows.max(1);
        if full {
            self.full.push((self.next_full, std::mem::take(&mut self.head)));
            self.next_full += 1;
        }
        full
    }

    /// Heads that wait to be sealed, oldest first: their numbers and rows.
    pub fn full_heads(&self) -> impl Iterator<Item = (u64, &RowSet)> {
        self.full.iter().map(|(number, head)| (*number, head.rows()))
    }

    /// Rows in memory.
    #[must_use]
    pub fn in_memory(&self) -> usize {
        self.heads().map(|h| h.rows().len()).sum()
    }

    /// Rows of the head that takes in rows.
    #[must_use]
    pub fn head_rows(&self) -> usize {
        self.head.rows().len()
    }

    /// The segments, in no order.
    pub fn segments(&self) -> impl Iterator<Item = TextInfo> + '_ {
        self.slots.iter().map(|s| TextInfo { segment: Arc::clone(&s.segment), rows: s.present().len() })
    }

    /// Segments that were not compared with their checksums yet, and cannot be searched.
    #[must_use]
    pub fn unprepared(&self) -> Vec<Arc<TextSegment>> {
        self.slots.iter().filter(|s| !s.segment.is_prepared()).map(|s| Arc::clone(&s.segment)).collect()
    }

    /// The row of each document of a segment, `u32::MAX` for those that are gone.
    #[must_use]
    pub fn rows_of(&self, number: u32) -> Option<&[u32]> {
        self.slots.iter().find(|s| s.segment.number() == number).map(Slot::rows)
    }

    /// Puts a segment in the place of heads and segments. `rows`: the row of each document, `u32::MAX` for those that are gone.
    pub fn install(&mut self, segment: Option<(Arc<TextSegment>, Vec<u32>)>, heads: &[u64], segments: &[u32]) -> Retired {
        let (taken, kept) = std::mem::take(&mut self.full).into_iter().partition(|(number, _)| heads.contains(number));
        self.full = kept;
        let mut retired = Retired { _heads: taken, _slots: Vec::new() };
        for number in segments {
            retired._slots.extend(self.take_slot(*number));
        }
        if let Some((segment, rows)) = segment {
            let number = segment.number();
            let highest = rows.iter().filter(|row| **row != NONE).max().map_or(0, |row| *row as usize + 1);
            self.lengths.resize(self.lengths.len().max(highest), 0);
            self.places.resize(self.places.len().max(highest), NOWHERE);
            for (doc, (row, length)) in rows.iter().zip(segment.lengths()).enumerate().filter(|(_, (row, _))| **row != NONE) {
                self.lengths[*row as usize] = *length;
                self.places[*row as usize] = Place { segment: number, doc: doc as u32 };
            }
            self.slots.push(Slot::new(segment, rows));
        }
        retired
    }

    /// Drops a segment. Rows that were still in it have no text here any more; they are returned.
    pub fn remove(&mut self, number: u32) -> RowSet {
        self.take_slot(number).map(|s| s.present().clone()).unwrap_or_default()
    }

    fn take_slot(&mut self, number: u32) -> Option<Slot> {
        let at = self.slots.iter().position(|s| s.segment.number() == number)?;
        let slot = self.slots.remove(at);
        for row in slot.present().iter() {
            self.places[row as usize] = NOWHERE;
        }
        Some(slot)
    }

    /// The slot (its place among the slots) and document of a sealed row.
    pub(super) fn place(&self, row: u32) -> Option<(usize, u32)> {
        let place = self.places.get(row as usize).filter(|p| p.segment != NONE)?;
        let slot = self.slots.iter().position(|s| s.segment.number() == place.segment)?;
        Some((slot, place.doc))
    }

    /// The document of a row that is known to be sealed.
    pub(super) fn doc_of(&self, row: u32) -> u32 {
        self.places[row as usize].doc
    }

    pub(super) fn heads(&self) -> impl Iterator<Item = &TextHead> {
        self.full.iter().map(|(_, head)| head).chain([&self.head])
    }

    fn set_length(&mut self, row: u32, length: u32) {
        if self.lengths.len() <= row as usize {
            self.lengths.resize(row as usize + 1, 0);
        }
        self.lengths[row as usize] = length;
    }

    /// Estimated heap bytes. O(segments).
    #[must_use]
    pub fn bytes(&self) -> usize {
        let heads: usize = self.heads().map(TextHead::bytes).sum();
        let slots: usize = self.slots.iter().map(Slot::bytes).sum();
        heads + slots + self.lengths.capacity() * 4 + self.places.capacity() * size_of::<Place>()
    }
}
