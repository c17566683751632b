//! How many clusters there are, by silhouette (Rousseeuw 1987).

use fluorite_memory::Result;
use rayon::prelude::*;

use crate::kmeans::kmeans;
use crate::matrix::Matrix;
use crate::work::Work;

/// Numbers that are tried.
const TRIED: [usize; 16] = [2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64];
/// Rows that are clustered for it, and that the silhouette is of.
const CLUSTERED: usize = 4_000;
const SILHOUETTE: usize = 1_000;

/// Of the numbers tried, up to half the rows, the one with the greatest silhouette, the smallest of equals; 1 when none is above 0.
pub fn choose_k(rows: &Matrix, seed: u64, work: &Work) -> Result<usize> {
    let few = rows.first(CLUSTERED);
    let mut best = (1, 0.0);
    for (i, k) in TRIED.into_iter().enumerate() {
        work.told("k", i + 1, TRIED.len());
        if k > few.len() / 2 {
            break;
        }
        let found = kmeans(&few, k, seed, work)?;
        let assigned: Vec<Option<u32>> = found.assigned.iter().copied().map(Some).collect();
        if let Some(s) = silhouette(&few, &assigned, work)
            && s > best.1 + 1e-9
        {
            best = (k, s);
        }
    }
    work.told("k", TRIED.len(), TRIED.len());
    Ok(best.0)
}

/// Mean silhouette of the first 1,000 clustered rows, by 1 - cosine; `None` for fewer than two clusters among them.
#[allow(clippy::cast_precision_loss)] // means
pub fn silhouette(rows: &Matrix, assigned: &[Option<u32>], work: &Work) -> Option<f64> {
    let few: Vec<(usize, u32)> = assigned.iter().enumerate().filter_map(|(i, c)| Some((i, (*c)?))).take(SILHOUETTE).collect();
    let k = few.iter().map(|(_, c)| *c as usize + 1).max()?;
    let mut sizes = vec![0usize; k];
    few.iter().for_each(|(_, c)| sizes[*c as usize] += 1);
    if sizes.iter().filter(|s| **s > 0).count() < 2 {
        return None;
    }
    let one = |(i, own): &(usize, u32)| {
        let mut sums = vec![0f64; k];
        for (j, c) in few.iter().filter(|(j, _)| j != i) {
            sums[*c as usize] += f64::from(1.0 - rows.dot(*i, *j)).max(0.0);
        }
        let own = *own as usize;
        if sizes[own] < 2 {
            return 0.0; // alone, as Rousseeuw has it
        }
        let within = sums[own] / (sizes[own] - 1) as f64;
        let others = (0..k).filter(|c| *c != own && sizes[*c] > 0).map(|c| sums[c] / sizes[c] as f64);
        let next = others.fold(f64::MAX, f64::min);
        let most = within.max(next);
        if most > 0.0 { (next - within) / most } else { 0.0 }
    };
    let all: Vec<f64> = work.install(|| few.par_iter().map(one).collect());
    Some(all.iter().sum::<f64>() / all.len() as f64)
}
