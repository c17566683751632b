//! A sealed segment among the rows of an open store, and scoring in it.

use std::borrow::Cow;
use std::sync::Arc;

use tantivy::TERMINATED;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;

use super::{
    bm25::{Saturation, Statistics},
    segment::TextSegment,
    window::{ROWS, Window, any_bit},
};
use crate::error::{Error, Result};
use crate::index::{rows::RowSet, top::TopK};

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// A segment and which rows its documents are now.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) segment: Arc<TextSegment>,
    /// Document -> row; `NONE` when the row is gone.
    rows: Vec<u32>,
    present: RowSet,
    /// A bit for each document that is a row.
    alive: Vec<u64>,
    /// Sum of the lengths of `present`.
    length_sum: u64,
}

/// Documents of a segment.
pub(super) enum Docs<'a> {
    All,
    Some(Cow<'a, [u64]>),
}

impl Slot {
    /// `rows`: the row of each document.
    pub(super) fn new(segment: Arc<TextSegment>, mut rows: Vec<u32>) -> Self {
        rows.resize(segment.docs(), NONE);
        let mut slot = Self { alive: vec![0; rows.len().div_ceil(64)], rows, present: RowSet::new(), length_sum: 0, segment };
        for (doc, (row, length)) in slot.rows.iter().zip(slot.segment.lengths()).enumerate().filter(|(_, (r, _))| **r != NONE) {
            slot.present.insert(*row);
            slot.alive[doc / 64] |= 1 << (doc % 64);
            slot.length_sum += u64::from(*length);
        }
        slot
    }

    /// Its documents that are rows, as rows.
    pub(super) fn present(&self) -> &RowSet {
        &self.present
    }

    /// The row of each document.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Takes a document out: its row died or stands for another chunk.
    pub(super) fn remove(&mut self, doc: u32) {
        let Some(row) = self.rows.get_mut(doc as usize) else { return };
        if self.present.remove(std::mem::replace(row, NONE)) {
            self.alive[doc as usize / 64] &= !(1 << (doc % 64));
            self.length_sum -= u64::from(self.segment.lengths()[doc as usize]);
        }
    }

    /// Those of its rows that `live` holds, as documents. `doc_of` gives a row's document.
    pub(super) fn docs_of(&self, live: &RowSet, doc_of: impl Fn(u32) -> u32) -> Docs<'_> {
        if self.present.is_subset(live) {
            return if self.present.len() == self.rows.len() { Docs::All } else { Docs::Some(Cow::Borrowed(&self.alive)) };
        }
        let mut bits = vec![0; self.alive.len()];
        for row in self.present.both(live) {
            let doc = doc_of(row);
            bits[doc as usize / 64] |= 1 << (doc % 64);
        }
        Docs::Some(Cow::Owned(bits))
    }

    /// How many of these documents there are, and their lengths.
    pub(super) fn statistics(&self, docs: &Docs<'_>) -> Statistics {
        match docs {
            Docs::All | Docs::Some(Cow::Borrowed(_)) => Statistics { documents: self.present.len(), length_sum: self.length_sum },
            Docs::Some(Cow::Owned(bits)) => {
                let mut sum = Statistics::default();
                for (word, lengths) in bits.iter().zip(self.segment.lengths().chunks(64)) {
                    sum.documents += word.count_ones() as usize;
                    let some = crate::index::rows::bits(*word).filter_map(|bit| lengths.get(bit as usize));
                    sum.length_sum += some.map(|length| u64::from(*length)).sum::<u64>();
                }
                sum
            }
        }
    }

    /// Where the term's postings are.
    pub(super) fn find(&self, term: &str) -> Result<Option<TermInfo>> {
        self.segment.reader()?.terms().get(term.as_bytes()).map_err(unreadable)
    }

    /// How many of these documents hold the term. Cost: nothing when it is all of them, else 1 to 2 ns a posting.
    pub(super) fn count(&self, info: &TermInfo, docs: &Docs<'_>) -> Result<usize> {
        let Docs::Some(bits) = docs else { return Ok(info.doc_freq as usize) };
        let mut postings = self.postings(info, IndexRecordOption::Basic)?;
        let mut count = 0;
        while !postings.docs().is_empty() {
            let has = |doc: &u32| bits.get(*doc as usize / 64).map_or(0, |word| (word >> (doc % 64) & 1) as usize);
            count += postings.docs().iter().map(has).sum::<usize>();
            postings.advance();
        }
        Ok(count)
    }

    /// Offers the rows of these documents that hold any of the terms. Cost: 3 to 5 ns a posting.
    pub(super) fn offer<'t>(
        &self,
        terms: impl Iterator<Item = (&'t TermInfo, f32, u32)>,
        saturation: Saturation,
        admitted: &Docs<'_>,
        window: &mut Window,
        top: &mut TopK,
    ) -> Result<()> {
        let mut cursors = Vec::new();
        for (info, weight, group) in terms {
            cursors.push(Cursor { postings: self.postings(info, IndexRecordOption::WithFreqs)?, at: 0, weight, group });
        }
        let all = self.segment.lengths();
        loop {
            let next = cursors.iter().map(Cursor::doc).min().unwrap_or(TERMINATED);
            if next == TERMINATED {
                return Ok(());
            }
            let first = next - next % ROWS;
            let end = first.saturating_add(ROWS);
            if let Docs::Some(bits) = admitted
                && !any_bit(first, bits)
            {
                cursors.iter_mut().for_each(|c| c.skip_to(end));
                continue;
            }
            let lengths = all.get(first as usize..).unwrap_or_default();
            let share = |doc: u32, frequency, weight| {
                let at = doc % ROWS;
                let length = lengths.get(at as usize).copied().unwrap_or(0);
                (at, weight * saturation.of(frequency, length))
            };
            for group in cursors.chunk_by_mut(|a, b| a.group == b.group) {
                if let [alone] = group {
                    let weight = alone.weight;
                    alone.take_below(end, |doc, frequency| {
                        let (at, share) = share(doc, frequency, weight);
                        window.add(at, share);
                    });
                    continue;
                }
                for cursor in group {
                    let weight = cursor.weight;
                    cursor.take_below(end, |doc, frequency| {
                        let (at, share) = share(doc, frequency, weight);
                        window.raise(at, share);
                    });
                }
                window.settle();
            }
            window.drain(|at, score| {
                let doc = first + at;
                if score < top.floor() {
                    return; // before the row is looked up: most end here
                }
                let admitted = match admitted {
                    Docs::All => true,
                    Docs::Some(bits) => bits.get(doc as usize / 64).is_some_and(|word| word >> (doc % 64) & 1 == 1),
                };
                if let Some(row) = self.rows.get(doc as usize).filter(|row| admitted && **row != NONE) {
                    top.offer(*row, score);
                }
            });
        }
    }

    /// Calls `found` with the place of a document in `docs` (ascending) that holds the term, and its count, weighed.
    pub(super) fn frequencies(&self, info: &TermInfo, docs: &[(u32, usize)], mut found: impl FnMut(usize, u8)) -> Result<()> {
        let mut postings = self.postings(info, IndexRecordOption::WithFreqs)?;
        for &(doc, place) in docs {
            let at = postings.seek(doc);
            if postings.docs().get(at) == Some(&doc) {
                found(place, postings.freqs().get(at).map_or(0, |f| narrow(*f)));
            }
        }
        Ok(())
    }

    fn postings(&self, info: &TermInfo, option: IndexRecordOption) -> Result<BlockSegmentPostings> {
        self.segment.reader()?.read_block_postings_from_terminfo(info, option).map_err(unreadable)
    }

    /// Estimated heap bytes.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * 4 + self.present.bytes() + self.alive.capacity() * 8
    }
}

fn unreadable(e: std::io::Error) -> Error {
    Error::internal(format!("a text segment cannot be read: {e}"))
}

/// Counts were cut at 255 when they were stored.
fn narrow(frequency: u32) -> u8 {
    u8::try_from(frequency).unwrap_or(u8::MAX)
}

/// A query term on its way through its postings.
struct Cursor {
    postings: BlockSegmentPostings,
    /// Place in the block.
    at: usize,
    weight: f32,
    group: u32,
}

impl Cursor {
    fn doc(&self) -> u32 {
        self.postings.docs().get(self.at).copied().unwrap_or(TERMINATED)
    }

    /// Hands over the postings below `end`.
    #[inline]
    fn take_below(&mut self, end: u32, mut each: impl FnMut(u32, u8)) {
        loop {
            let docs = self.postings.docs().get(self.at..).unwrap_or_default();
            if docs.is_empty() {
                return;
            }
            let whole = docs.last().is_some_and(|last| *last < end);
            let below = if whole { docs.len() } else { docs.partition_point(|doc| *doc < end) };
            let frequencies = self.postings.freqs().get(self.at..).unwrap_or_default();
            for (doc, frequency) in docs.iter().take(below).zip(frequencies) {
                each(*doc, narrow(*frequency));
            }
            if !whole {
                self.at += below;
                return;
            }
            self.postings.advance();
            self.at = 0;
        }
    }

    /// Passes over the postings below `end`, without unpacking blocks that lie below it.
    fn skip_to(&mut self, end: u32) {
        if self.doc() < end {
            self.at = self.postings.seek(end);
        }
    }
}
