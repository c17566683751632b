//! Search over the exact values alone: the oracle of every other index, and the last step of each.

use fluorite_ml::vector::normalize;

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
    let unit = unit_query(query)?;
    let mut top = TopK::new(k);
    for row in allowed.iter() {
        if let Some(cosine) = source.cosine(row, &unit)? {
            top.offer(row, cosine.clamp(-1.0, 1.0));
        }
    }
    Ok(top.into_best_first())
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

/// How far a code's cosine may be from the exact one, in steps of the query's code: six standard deviations of two codes of
/// like scale, and more.
const ERROR: f32 = 4.0;

/// The best `k` by exact cosine of rows with their (about) cosine, best first. Rows that cannot be among them by the codes'
/// error are not read. `scale`: of the query's code.
pub(super) fn rescore(
    unit: &[f32],
    k: usize,
    candidates: &[(u32, f32)],
    scale: f32,
    source: &dyn VectorSource,
) -> Result<Vec<(u32, f32)>> {
    /// Vectors asked for ahead: as many as memory answers at once.
    const AHEAD: usize = 8;
    let mut top = TopK::new(k);
    candidates.iter().for_each(|(row, _)| source.mention(*row));
    candidates.iter().take(AHEAD).for_each(|(row, _)| source.expect(*row));
    for (i, (row, about)) in candidates.iter().enumerate() {
        if about + ERROR * scale < top.floor() {
            break; // so are all behind it
        }
        if let Some((next, _)) = candidates.get(i + AHEAD) {
            source.expect(*next);
        }
        if let Some(cosine) = source.cosine(*row, unit)? {
            // products of unit vectors may exceed 1 by a rounding
            top.offer(*row, cosine.clamp(-1.0, 1.0));
        }
    }
    Ok(top.into_best_first())
}
