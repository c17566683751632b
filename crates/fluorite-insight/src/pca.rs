//! Principal components, by orthogonal iteration on the covariance of a sample.

use fluorite_memory::Result;
use fluorite_ml::vector::dot_f32;
use rayon::prelude::*;

use crate::matrix::{Matrix, normalise};
use crate::rng::Rng;
use crate::work::Work;

/// Rows that the covariance is of.
const SAMPLE: usize = 10_000;
/// Iterations; the leading directions are long steady by then.
const ROUNDS: usize = 60;

/// The rows along their `wanted` leading directions, greatest variance first. Each direction points where its largest part is positive.
///
/// # Errors
/// `ABORTED`.
pub fn principal_components(rows: &Matrix, wanted: usize, work: &Work) -> Result<Matrix> {
    let d = rows.dimensions;
    let wanted = wanted.min(d);
    if rows.is_empty() || wanted == 0 {
        return Ok(Matrix { dimensions: wanted.max(1), values: Vec::new() });
    }
    let mean = mean(rows);
    let covariance = covariance(&rows.first(SAMPLE), &mean, work);
    let directions = leading(&covariance, wanted, work)?;
    let shift: Vec<f32> = (0..wanted).map(|c| dot_f32(&mean, directions.row(c))).collect();
    let along = |row: &[f32]| (0..wanted).map(|c| dot_f32(row, directions.row(c)) - shift[c]).collect::<Vec<f32>>();
    let values: Vec<Vec<f32>> = work.install(|| rows.values.par_chunks_exact(d).with_min_len(256).map(along).collect());
    Ok(Matrix { dimensions: wanted, values: values.concat() })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // means
fn mean(rows: &Matrix) -> Vec<f32> {
    let mut sum = vec![0f64; rows.dimensions];
    for row in rows.values.chunks_exact(rows.dimensions) {
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += f64::from(*x));
    }
    sum.into_iter().map(|s| (s / rows.len() as f64) as f32).collect()
}

/// A square matrix, from the columns of the centred rows.
fn covariance(rows: &Matrix, mean: &[f32], work: &Work) -> Matrix {
    let (n, d) = (rows.len(), rows.dimensions);
    let mut columns = Matrix::zeros(d, n);
    for (i, row) in rows.values.chunks_exact(d).enumerate() {
        for (c, x) in row.iter().enumerate() {
            columns.values[c * n + i] = x - mean[c];
        }
    }
    let line = |a: usize| (0..d).map(|b| columns.dot(a, b)).collect::<Vec<f32>>();
    let values: Vec<Vec<f32>> = work.install(|| (0..d).into_par_iter().map(line).collect());
    Matrix { dimensions: d, values: values.concat() }
}

/// The leading eigenvectors of a symmetric matrix, as rows.
fn leading(matrix: &Matrix, wanted: usize, work: &Work) -> Result<Matrix> {
    let d = matrix.dimensions;
    let extra = (wanted + 8).min(d); // what is beyond is thrown away, and makes those before it settle sooner
    let mut rng = Rng::new(0x5EED, 0); // where it starts does not matter
    #[allow(clippy::cast_possible_truncation)] // random
    let values = (0..extra * d).map(|_| rng.unit() as f32 - 0.5).collect();
    let mut basis = Matrix { dimensions: d, values };
    orthogonalise(&mut basis);
    for _ in 0..ROUNDS {
        work.check()?;
        let times = |v: &[f32]| (0..d).map(|i| dot_f32(matrix.row(i), v)).collect::<Vec<f32>>();
        let next: Vec<Vec<f32>> = work.install(|| basis.values.par_chunks_exact(d).map(times).collect());
        basis.values = next.concat();
        orthogonalise(&mut basis);
    }
    let mut found = basis.first(wanted);
    for row in found.values.chunks_exact_mut(d) {
        let largest = row.iter().copied().fold(0.0f32, |m, x| if x.abs() > m.abs() { x } else { m });
        if largest < 0.0 {
            row.iter_mut().for_each(|x| *x = -*x);
        }
    }
    Ok(found)
}

/// Gram-Schmidt, twice for the rounding; a row without anything of its own becomes zero.
fn orthogonalise(basis: &mut Matrix) {
    let d = basis.dimensions;
    for i in 0..basis.len() {
        let (before, rest) = basis.values.split_at_mut(i * d);
        let row = &mut rest[..d];
        let length = dot_f32(row, row).sqrt();
        for _ in 0..2 {
            for other in before.chunks_exact(d) {
                let along = dot_f32(row, other);
                row.iter_mut().zip(other).for_each(|(x, o)| *x -= along * o);
            }
        }
        if dot_f32(row, row).sqrt() <= length * 1e-5 {
            row.fill(0.0);
        }
        normalise(row);
    }
}
