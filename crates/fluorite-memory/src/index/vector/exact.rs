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

/// Rows whose codes are nearest, at least.
const MIN_CANDIDATES: usize = 40;
/// The same per hit wanted.
const CANDIDATES_PER_HIT: usize = 4;
/// So many times more when the codes cannot tell the last of them from a hit.
const MORE: usize = 4;
/// Six standard deviations of a code's cosine, in steps of the two codes taken together: a rounding is off by up to half a
/// step either way, by the root of 1/12 of one on average.
const ERROR: f32 = 1.75;
/// Vectors nearer to each other than this are copies: which of them is found makes no difference.
const COPIES: f32 = 1e-6;
/// Vectors asked for ahead: as many as memory answers at once.
const AHEAD: usize = 8;

/// Candidates for `k` hits.
pub(super) fn kept(k: usize) -> usize {
    k.saturating_mul(CANDIDATES_PER_HIT).max(MIN_CANDIDATES)
}

/// A row that may be a hit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub row: u32,
    /// Its cosine by the codes.
    pub about: f32,
    /// What its code is multiplied with: a step of it.
    pub scale: f32,
}

impl Candidate {
    /// The greatest cosine it can have. `scale`: of the query's code.
    fn most(&self, scale: f32) -> f32 {
        self.about + ERROR * (scale * scale + self.scale * self.scale).sqrt()
    }
}

/// The rows nearest by their codes.
pub(super) struct Nearest {
    /// Best first.
    pub candidates: Vec<Candidate>,
    /// Of the query's code.
    pub scale: f32,
    /// No other row has been left out.
    pub all: bool,
}

/// The best `k` by exact cosine. `nearest` is asked for this many rows, and for more when one it left out may be a hit.
pub(super) fn best(
    unit: &[f32],
    k: usize,
    source: &dyn VectorSource,
    mut nearest: impl FnMut(usize) -> Nearest,
) -> Result<Vec<(u32, f32)>> {
    let keep = kept(k);
    let found = nearest(keep);
    let (hits, sure) = rescore(unit, k, &found.candidates, found.scale, source)?;
    if sure || found.all {
        return Ok(hits);
    }
    let found = nearest(keep.saturating_mul(MORE));
    rescore(unit, k, &found.candidates, found.scale, source).map(|(hits, _)| hits)
}

/// The best `k` of the candidates, and whether rows behind the last of them are surely no better. Rows that cannot be among
/// the best by the codes' error are not read.
fn rescore(
    unit: &[f32],
    k: usize,
    candidates: &[Candidate],
    scale: f32,
    source: &dyn VectorSource,
) -> Result<(Vec<(u32, f32)>, bool)> {
    let mut top = TopK::new(k);
    let (mut least, mut greatest) = (f32::INFINITY, f32::NEG_INFINITY);
    candidates.iter().take(AHEAD * 2).for_each(|c| source.mention(c.row));
    candidates.iter().take(AHEAD).for_each(|c| source.expect(c.row));
    for (i, candidate) in candidates.iter().enumerate() {
        if candidate.most(scale) < top.floor() {
            continue; // one behind it may have a coarser code
        }
        if let Some(next) = candidates.get(i + AHEAD * 2) {
            source.mention(next.row);
        }
        if let Some(next) = candidates.get(i + AHEAD) {
            source.expect(next.row);
        }
        if let Some(cosine) = source.cosine(candidate.row, unit)? {
            // products of unit vectors may exceed 1 by a rounding
            let cosine = cosine.clamp(-1.0, 1.0);
            (least, greatest) = (least.min(cosine), greatest.max(cosine));
            top.offer(candidate.row, cosine);
        }
    }
    let sure = candidates.last().is_none_or(|last| last.most(scale) < top.floor()) || (0.0..COPIES).contains(&(greatest - least));
    Ok((top.into_best_first(), sure))
}
