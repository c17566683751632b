//! Scores of 4,096 neighbouring rows at a time: the accumulator fits the cache and no query allocates per row.

use super::{bm25::Saturation, posting::Posting};
use crate::index::{
    rows::{RowSet, bits},
    top::TopK,
};

/// Rows per window.
pub(super) const ROWS: u32 = 4_096;
const WORDS: usize = ROWS as usize / 64;

/// A query term on its way through its postings.
pub(super) struct Cursor<'a> {
    /// Postings not yet scored.
    pub(super) rest: &'a [Posting],
    pub(super) weight: f32,
}

impl<'a> Cursor<'a> {
    /// Takes the postings below `row`.
    pub(super) fn take_below(&mut self, row: u64) -> &'a [Posting] {
        let (taken, rest) = self.rest.split_at(self.rest.partition_point(|p| u64::from(p.row) < row));
        self.rest = rest;
        taken
    }
}

pub(super) struct Window {
    scores: [f32; ROWS as usize],
    /// One bit per row with a score.
    touched: [u64; WORDS],
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { scores: [0.0; ROWS as usize], touched: [0; WORDS] }
    }

    /// Adds a term's share to each of its rows; `lengths` are those of the window's rows.
    pub(super) fn add(&mut self, postings: &[Posting], weight: f32, saturation: Saturation, lengths: &[u32]) {
        for posting in postings {
            let at = (posting.row % ROWS) as usize;
            let length = lengths.get(at).copied().unwrap_or(0);
            self.scores[at] += weight * saturation.of(posting.frequency, length);
            self.touched[at / 64] |= 1 << (at % 64);
        }
    }

    /// Offers the scored rows that are allowed and empties the window.
    pub(super) fn drain(&mut self, first_row: u32, allowed: &RowSet, top: &mut TopK) {
        for (i, touched) in self.touched.iter_mut().enumerate() {
            let admitted = allowed.word(first_row as usize / 64 + i);
            for bit in bits(std::mem::take(touched)) {
                let at = i * 64 + bit as usize;
                let score = std::mem::take(&mut self.scores[at]);
                if admitted & (1 << bit) != 0 {
                    top.offer(first_row + at as u32, score);
                }
            }
        }
    }
}

/// Whether any row of the window is allowed.
pub(super) fn admits(first_row: u32, allowed: &RowSet) -> bool {
    let first = first_row as usize / 64;
    (first..first + WORDS).any(|word| allowed.word(word) != 0)
}
