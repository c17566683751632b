//! Scores of 4,096 neighbouring rows (or documents of a segment) at a time: the accumulator fits the cache and no query
//! allocates per row.

use super::posting::Posting;
use crate::index::rows::{RowSet, bits};

/// Rows per window.
pub(super) const ROWS: u32 = 4_096;
const WORDS: usize = ROWS as usize / 64;

/// A query term on its way through its postings.
pub(super) struct Cursor<'a> {
    /// Postings not yet scored.
    pub(super) rest: &'a [Posting],
    pub(super) weight: f32,
    pub(super) group: u32,
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
    /// The best share of a group's terms so far, and its bits.
    best: [f32; ROWS as usize],
    raised: [u64; WORDS],
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { scores: [0.0; ROWS as usize], touched: [0; WORDS], best: [0.0; ROWS as usize], raised: [0; WORDS] }
    }

    /// Adds a term's share to a place of the window (taken modulo its width).
    #[inline]
    pub(super) fn add(&mut self, at: u32, share: f32) {
        let at = (at % ROWS) as usize;
        self.scores[at] += share;
        self.touched[at / 64] |= 1 << (at % 64);
    }

    /// A share of one of a group's terms; `settle` adds the best of them.
    #[inline]
    pub(super) fn raise(&mut self, at: u32, share: f32) {
        let at = (at % ROWS) as usize;
        self.best[at] = self.best[at].max(share);
        self.raised[at / 64] |= 1 << (at % 64);
    }

    /// Ends a group.
    pub(super) fn settle(&mut self) {
        for i in 0..WORDS {
            for bit in bits(std::mem::take(&mut self.raised[i])) {
                let at = i as u32 * 64 + bit;
                let share = std::mem::take(&mut self.best[at as usize % ROWS as usize]);
                self.add(at, share);
            }
        }
    }

    /// Hands over the places with a score, ascending, and empties the window.
    #[inline]
    pub(super) fn drain(&mut self, mut each: impl FnMut(u32, f32)) {
        for (i, touched) in self.touched.iter_mut().enumerate() {
            for bit in bits(std::mem::take(touched)) {
                let at = i as u32 * 64 + bit;
                each(at, std::mem::take(&mut self.scores[at as usize % ROWS as usize]));
            }
        }
    }
}

/// Whether any row of the window is allowed.
pub(super) fn admits(first_row: u32, allowed: &RowSet) -> bool {
    let first = first_row as usize / 64;
    (first..first + WORDS).any(|word| allowed.word(word) != 0)
}

/// Whether any document of the window has its bit.
pub(super) fn any_bit(first: u32, docs: &[u64]) -> bool {
    docs.iter().skip(first as usize / 64).take(WORDS).any(|word| *word != 0)
}
