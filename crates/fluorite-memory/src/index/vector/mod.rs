//! Which rows' vectors are near a query.
//!
//! Owns: `i8` copies of vectors and the search over them. Must not know: where the `f32` values are kept (a
//! `VectorSource` reads them), filters, which rows are live (the caller says).
//! In: unit vectors by row, a query. Out: rows with their cosine, best first.

mod block;
mod exact;
mod scan;
#[cfg(test)]
mod tests;

use super::rows::RowSet;
use crate::error::Result;

pub use exact::search_exact;
pub use scan::ExactScan;

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
    fn search(&self, query: &[f32], k: usize, allowed: &RowSet, source: &dyn VectorSource) -> Result<Vec<(u32, f32)>>;

    /// Estimated heap bytes.
    fn bytes(&self) -> usize;
}

/// Where the exact values of vectors are.
pub trait VectorSource {
    /// Replaces `out` with the row's unit vector; `false` when the row has none.
    ///
    /// # Errors
    /// Those of reading.
    fn read(&self, row: u32, out: &mut Vec<f32>) -> Result<bool>;
}
