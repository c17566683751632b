//! Vectors held out of a graph while it is built: the queries of its calibration.

use super::codes::{Code, Codes};
use super::make::Source;

/// Vectors held out, at most ...
const MOST: usize = 400;
/// ... and at most one in this many.
const ONE_IN: usize = 16;

/// Every so many rows one, whatever source it is in.
#[derive(Debug, Default)]
pub(super) struct HeldOut {
    every: u32,
    /// Number of the row among those of all sources, and its code.
    pub rows: Vec<(u32, Code)>,
}

impl HeldOut {
    /// Of the rows of these sources.
    pub fn of(sources: &[Source]) -> Self {
        let count: usize = sources.iter().map(Source::rows).sum();
        Self { every: count.div_ceil(MOST).max(ONE_IN) as u32, ..Self::default() }
    }

    /// Whether the row is held out; then its code is kept.
    pub fn take(&mut self, number: u32, code: impl FnOnce() -> Code) -> bool {
        let held = number % self.every == self.every / 2;
        if held {
            self.rows.push((number, code()));
        }
        held
    }

    /// The codes that are not held out, and the number of each. `next`: the number of the first row, then of the next source's.
    pub fn split(&mut self, codes: Codes, next: &mut u32) -> (Codes, Vec<u32>) {
        let (view, first) = (codes.view(), *next);
        *next += view.len() as u32;
        let mut rest = Codes { stride: codes.stride, ..Codes::default() };
        let mut numbers = Vec::with_capacity(view.len());
        for row in 0..view.len() as u32 {
            if !self.take(first + row, || view.code(row)) {
                rest.push(view.row(row), view.scales[row as usize]);
                numbers.push(first + row);
            }
        }
        (rest, numbers)
    }
}
