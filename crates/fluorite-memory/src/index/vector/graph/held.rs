//! Vectors held out of a graph while it is built: the queries of its calibration.

use super::codes::{Code, Codes};
use super::twins::Twins;

/// Vectors held out, at most ...
const MOST: usize = 400;
/// ... and at most one in this many.
const ONE_IN: usize = 16;

/// Every so many of the walked rows one, whatever source it is in.
#[derive(Debug, Default)]
pub(super) struct HeldOut {
    every: u32,
    met: u32,
    /// Number of the row among those of all sources, and its code.
    pub rows: Vec<(u32, Code)>,
}

impl HeldOut {
    /// Of so many rows.
    pub fn of(count: usize) -> Self {
        Self { every: count.div_ceil(MOST).max(ONE_IN) as u32, ..Self::default() }
    }

    /// Whether the row is held out; then its code is kept.
    pub fn take(&mut self, number: u32, code: impl FnOnce() -> Code) -> bool {
        let held = self.met % self.every == self.every / 2;
        self.met += 1;
        if held {
            self.rows.push((number, code()));
        }
        held
    }

    /// The codes that are walked and not held out, and the number of each. `next`: the number of the first row, then of the
    /// next source's.
    pub fn split(&mut self, codes: &Codes, twins: &Twins, next: &mut u32) -> (Codes, Vec<u32>) {
        let (view, first) = (codes.view(), *next);
        *next += view.len() as u32;
        let mut rest = Codes { stride: codes.stride, ..Codes::default() };
        let mut numbers = Vec::with_capacity(view.len());
        for row in (0..view.len() as u32).filter(|row| twins.is_walked(first + row)) {
            if !self.take(first + row, || view.code(row)) {
                rest.push(view.row(row), view.scales[row as usize]);
                numbers.push(first + row);
            }
        }
        (rest, numbers)
    }
}
