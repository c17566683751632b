//! Spherical k-means: unit vectors, centres of length 1, nearness by cosine (Dhillon, Modha 2001), first centres by k-means++
//! (Arthur, Vassilvitskii 2007).
//!
//! Written here: the crates at hand are of Euclidean distance without SIMD, and cannot be stopped or tell how far they are.

use fluorite_memory::Result;
use fluorite_ml::vector::dot_f32;
use rayon::prelude::*;

use crate::matrix::{Matrix, normalise};
use crate::rng::Rng;
use crate::work::Work;

/// Rounds at most.
const ROUNDS: usize = 100;
/// Rows that first centres are tried on, and how often.
const SAMPLE: usize = 20_000;
const TRIES: u64 = 4;
/// Few rows are tried more often: local optima are common there, and cost nothing to leave.
const FEW: usize = 500;
const TRIES_OF_FEW: u64 = 32;
/// A round that gains less than this in mean cosine is the last.
const GAIN: f64 = 1e-6;

/// Rows by cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// Unit vectors.
    pub centres: Matrix,
    /// The cluster of each row.
    pub assigned: Vec<u32>,
    /// The cosine of each row to its centre.
    pub cosine: Vec<f32>,
}

impl KMeans {
    /// Mean cosine of all rows to their centre.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a mean
    pub fn objective(&self) -> f64 {
        self.cosine.iter().map(|c| f64::from(*c)).sum::<f64>() / self.cosine.len().max(1) as f64
    }
}

/// The best of four starts (32 for up to 500 rows), tried on at most the first 20,000 rows; then all rows until nothing is gained. `rows` have length 1, and
/// their order is without meaning; `k` is at most their number. A cluster left empty takes the row that is farthest from its centre.
/// Cost: rows x k x rounds products.
///
/// # Errors
/// `ABORTED`.
pub fn kmeans(rows: &Matrix, k: usize, seed: u64, work: &Work) -> Result<KMeans> {
    let sample;
    let few = if rows.len() > SAMPLE {
        sample = rows.first(SAMPLE);
        &sample
    } else {
        rows
    };
    let mut best: Option<KMeans> = None;
    for start in 0..if few.len() <= FEW { TRIES_OF_FEW } else { TRIES } {
        let found = run(few, first_centres(few, k, &mut Rng::new(seed, start)), work, "")?;
        if best.as_ref().is_none_or(|b| found.objective() > b.objective()) {
            best = Some(found);
        }
    }
    match best {
        Some(best) if few.len() < rows.len() => run(rows, best.centres, work, "kmeans"),
        Some(best) => Ok(best),
        None => run(rows, Matrix::default(), work, "kmeans"),
    }
}

/// Rows far from each other: each next one is drawn with the square of its distance from those chosen.
fn first_centres(rows: &Matrix, k: usize, rng: &mut Rng) -> Matrix {
    let n = rows.len();
    let mut centres = Matrix { dimensions: rows.dimensions, values: Vec::with_capacity(k * rows.dimensions) };
    let mut far = vec![f64::MAX; n];
    let mut next = rng.below(n.max(1));
    for _ in 0..k.min(n) {
        centres.values.extend_from_slice(rows.row(next));
        for (i, d) in far.iter_mut().enumerate() {
            *d = d.min((1.0 - f64::from(rows.dot(i, next))).max(0.0));
        }
        let mut left = rng.unit() * far.iter().sum::<f64>();
        next = n - 1;
        for (i, d) in far.iter().enumerate() {
            left -= d;
            if left < 0.0 {
                next = i;
                break;
            }
        }
    }
    centres
}

/// Lloyd's rounds from these centres.
pub fn run(rows: &Matrix, mut centres: Matrix, work: &Work, phase: &'static str) -> Result<KMeans> {
    let mut before = f64::MIN;
    for round in 1.. {
        work.check()?;
        let (assigned, cosine) = assign(rows, &centres, work);
        let found = KMeans { centres, assigned, cosine };
        let objective = found.objective();
        if !phase.is_empty() {
            work.told(phase, round.min(ROUNDS), ROUNDS);
        }
        if round == ROUNDS || objective - before < GAIN {
            return Ok(found);
        }
        before = objective;
        centres = moved(rows, &found, work);
    }
    Ok(KMeans { centres, assigned: Vec::new(), cosine: Vec::new() })
}

/// The nearest centre of each row, the first of equals.
#[allow(clippy::cast_possible_truncation)] // at most MAX_K
fn assign(rows: &Matrix, centres: &Matrix, work: &Work) -> (Vec<u32>, Vec<f32>) {
    let nearest = |i: usize| {
        let row = rows.row(i);
        let mut best = (0, f32::MIN);
        for c in 0..centres.len() {
            let cosine = dot_f32(row, centres.row(c));
            if cosine > best.1 {
                best = (c as u32, cosine);
            }
        }
        best
    };
    work.install(|| (0..rows.len()).into_par_iter().with_min_len(256).map(nearest).unzip())
}

/// The mean direction of each cluster's rows, each summed in the order of the rows.
fn moved(rows: &Matrix, found: &KMeans, work: &Work) -> Matrix {
    let k = found.centres.len();
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); k];
    for (i, c) in found.assigned.iter().enumerate() {
        if let Some(list) = members.get_mut(*c as usize) {
            list.push(i);
        }
    }
    let mut farthest: Vec<usize> = Vec::new();
    if members.iter().any(Vec::is_empty) {
        farthest = (0..rows.len()).collect();
        farthest.sort_by(|a, b| found.cosine[*a].total_cmp(&found.cosine[*b]).then(a.cmp(b)));
    }
    let mut spare = farthest.into_iter();
    for list in &mut members {
        if list.is_empty() {
            list.extend(spare.next());
        }
    }
    let centre = |list: &Vec<usize>| {
        let mut sum = vec![0f64; rows.dimensions];
        for i in list {
            sum.iter_mut().zip(rows.row(*i)).for_each(|(s, x)| *s += f64::from(*x));
        }
        #[allow(clippy::cast_possible_truncation)] // a direction
        let mut centre: Vec<f32> = sum.into_iter().map(|s| s as f32).collect();
        normalise(&mut centre);
        centre
    };
    let values: Vec<Vec<f32>> = work.install(|| members.par_iter().map(centre).collect());
    Matrix { dimensions: rows.dimensions, values: values.concat() }
}
