//! Search over the exact values alone: the oracle of every other index, and the last step of each.

use fluorite_ml::vector::{dot_f32, normalize};

use super::VectorSource;
use crate::{
    error::{Error, Result},
    index::{rows::RowSet, top::TopK},
};

/// The `k` rows of `allowed` with the greatest cosine, by reading every allowed vector from `source`.
///
/// Best first, ties to the lower row. The query need not have length 1. Cost: a read and a product per allowed row.
///
/// # Errors
/// `DimensionMismatch` when a vector's length is not the query's; `InvalidArgument` for a query that is all zeros or not
/// finite; those of `source`.
pub fn search_exact(query: &[f32], k: usize, allowed: &RowSet, source: &dyn VectorSource) -> Result<Vec<(u32, f32)>> {
    rescore(&unit_query(query)?, k, allowed.iter(), source)
}

/// The query scaled to length 1.
pub(super) fn unit_query(query: &[f32]) -> Result<Vec<f32>> {
    let mut unit = query.to_vec();
    if normalize(&mut unit) {
        Ok(unit)
    } else {
        Err(Error::argument("the query vector must hold finite numbers, not all of them zero"))
    }
}

/// The best `k` of these rows by exact cosine.
pub(super) fn rescore(
    unit: &[f32],
    k: usize,
    rows: impl Iterator<Item = u32>,
    source: &dyn VectorSource,
) -> Result<Vec<(u32, f32)>> {
    let mut top = TopK::new(k);
    let mut values = Vec::with_capacity(unit.len());
    for row in rows {
        if !source.read(row, &mut values)? {
            continue;
        }
        if values.len() != unit.len() {
            return Err(Error::DimensionMismatch { expected: values.len(), found: unit.len() });
        }
        // Products of unit vectors may exceed 1 by a rounding.
        top.offer(row, dot_f32(unit, &values).clamp(-1.0, 1.0));
    }
    Ok(top.into_best_first())
}
