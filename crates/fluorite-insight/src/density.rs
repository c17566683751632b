//! Clusters where rows lie dense: HDBSCAN (Campello, Moulavi, Sander 2013), by the crate `hdbscan`.
//!
//! It compares every row with every other, on one thread, and cannot be stopped: it gets at most 10,000 rows of 16 principal components
//! (seconds), and every other row the cluster of its nearest one among them.

use fluorite_memory::{Error, Result};
use fluorite_ml::vector::dot_f32;
use hdbscan::{Hdbscan, HdbscanHyperParams, NnAlgorithm};
use rayon::prelude::*;

use crate::matrix::Matrix;
use crate::pca::principal_components;
use crate::work::Work;

/// Rows that are compared with each other.
const COMPARED: usize = 10_000;
/// Directions that are kept.
const DIRECTIONS: usize = 16;
/// Neighbours that make a row dense.
const MIN_SAMPLES: usize = 5;

/// The cluster of each row; `None` for those in no dense place.
///
/// # Errors
/// `ABORTED`, between its steps.
pub fn density(rows: &Matrix, min_cluster_size: usize, work: &Work) -> Result<Vec<Option<u32>>> {
    let n = rows.len();
    if n < min_cluster_size.max(MIN_SAMPLES + 1) {
        return Ok(vec![None; n]);
    }
    let reduced = principal_components(rows, DIRECTIONS, work)?;
    work.check()?;
    work.told("density", 0, 2);
    let few = reduced.first(COMPARED);
    let scale = few.len() as f64 / n as f64;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // a share of it
    let size = ((min_cluster_size as f64 * scale).round() as usize).max(2);
    let params =
        HdbscanHyperParams::builder().min_cluster_size(size).min_samples(MIN_SAMPLES).nn_algorithm(NnAlgorithm::Auto).build();
    let data: Vec<Vec<f32>> = few.values.chunks_exact(few.dimensions).map(<[f32]>::to_vec).collect();
    let found =
        Hdbscan::new(&data, params).cluster().map_err(|e| Error::internal(format!("density clustering failed: {e:?}")))?;
    work.check()?;
    work.told("density", 1, 2);
    let mut assigned: Vec<Option<u32>> = found.into_iter().map(|c| u32::try_from(c).ok()).collect();
    let rest: Vec<Option<u32>> = {
        let reach = reach(&few, &assigned);
        let join = |i: usize| joined(reduced.row(i), &few, &assigned, &reach);
        work.install(|| (few.len()..n).into_par_iter().map(join).collect())
    };
    assigned.extend(rest);
    work.told("density", 2, 2);
    Ok(assigned)
}

/// The square of the distance of two rows.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// How far each cluster reaches: the greatest square distance of a member from the centre of it.
fn reach(rows: &Matrix, assigned: &[Option<u32>]) -> Vec<f32> {
    let k = assigned.iter().flatten().map(|c| *c as usize + 1).max().unwrap_or(0);
    let mut centres = Matrix::zeros(k, rows.dimensions);
    let mut sizes = vec![0f32; k];
    for (i, c) in assigned.iter().enumerate().filter_map(|(i, c)| Some((i, (*c)? as usize))) {
        sizes[c] += 1.0;
        let at = c * rows.dimensions;
        centres.values[at..at + rows.dimensions].iter_mut().zip(rows.row(i)).for_each(|(s, x)| *s += x);
    }
    for (c, centre) in centres.values.chunks_exact_mut(rows.dimensions.max(1)).enumerate() {
        centre.iter_mut().for_each(|x| *x /= sizes[c].max(1.0));
    }
    let mut reach = vec![0f32; k];
    for (i, c) in assigned.iter().enumerate().filter_map(|(i, c)| Some((i, (*c)? as usize))) {
        reach[c] = reach[c].max(distance(rows.row(i), centres.row(c)));
    }
    reach
}

/// The cluster of the nearest row, unless that row is in none or farther than its cluster reaches.
fn joined(row: &[f32], rows: &Matrix, assigned: &[Option<u32>], reach: &[f32]) -> Option<u32> {
    let own = dot_f32(row, row);
    let mut best = (0, f32::MAX);
    for i in 0..rows.len() {
        let other = rows.row(i);
        let d = own + dot_f32(other, other) - 2.0 * dot_f32(row, other);
        if d < best.1 {
            best = (i, d);
        }
    }
    let cluster = (*assigned.get(best.0)?)?;
    (best.1 <= *reach.get(cluster as usize)?).then_some(cluster)
}
