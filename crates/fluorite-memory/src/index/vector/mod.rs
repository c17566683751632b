//! Which rows' vectors are near a query.
//!
//! Owns: `i8` copies of vectors, frozen graphs of them, and the search over both. Must not know: where the `f32` values
//! are kept (a `VectorSource` reads them), filters, which rows are live (the caller says), when graphs are built.
//! In: unit vectors by row, a query. Out: rows with their cosine, best first.

mod block;
mod exact;
pub(crate) mod graph;
mod layered;
mod scan;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_layered;

use super::rows::RowSet;
use crate::error::Result;

pub use exact::search_exact;
pub use graph::Graph;
pub use layered::{GraphInfo, LayeredIndex};
pub use scan::ExactScan;

/// How hard a search tries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effort {
    /// Walks as wide as calibration found necessary for this share of the true nearest, 0 to 1.
    Recall(f32),
    /// Walks of this width (`ef`), for experts.
    Width(usize),
}

impl Default for Effort {
    fn default() -> Self {
        Self::Recall(0.98)
    }
}

/// Finds the rows whose vectors are nearest to a query.
pub trait VectorIndex: Send + Sync {
    /// Adds a row's vector: of the index's dimensions, of length 1, without NaN. A row that held another one is
    /// forgotten first.
    fn insert(&mut self, row: u32, unit: &[f32]);

    /// Purges rows, so that they can be given to other chunks.
    fn forget(&mut self, rows: &RowSet);

    /// Rows with a vector.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `k` rows of `allowed` with the greatest cosine, best first, ties to the lower row.
    ///
    /// The query need not have length 1. Rows that `source` no longer has are left out.
    ///
    /// # Errors
    /// `DimensionMismatch`; `InvalidArgument` for a query that is all zeros or not finite; those of `source`.
    fn search(
        &self,
        query: &[f32],
        k: usize,
        allowed: &RowSet,
        effort: Effort,
        source: &dyn VectorSource,
    ) -> Result<Vec<(u32, f32)>>;

    /// Estimated heap bytes.
    fn bytes(&self) -> usize;
}

/// Where the exact values of vectors are.
pub trait VectorSource {
    /// The product of a row's unit vector with another; `None` when the row has none.
    ///
    /// # Errors
    /// `DimensionMismatch` when the lengths differ; those of reading.
    fn cosine(&self, row: u32, unit: &[f32]) -> Result<Option<f32>>;

    /// A hint that the row's vector may be asked for: where it lies is looked up.
    fn mention(&self, _row: u32) {}

    /// A hint that the row's vector is about to be asked for.
    fn expect(&self, _row: u32) {}
}
