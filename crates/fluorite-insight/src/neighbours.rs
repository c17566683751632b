//! The nearest rows of every row, found among the rows of its own cell and the cells beside it.

use fluorite_memory::Result;
use fluorite_ml::vector::dot_f32;
use rayon::prelude::*;

use crate::kmeans::run;
use crate::matrix::Matrix;
use crate::rng::Rng;
use crate::work::Work;

/// Up to so many rows all are compared with all.
const EXACT: usize = 5_000;
/// Cells that are looked into, the own one included.
const PROBES: usize = 4;
/// Rows of a cell, about.
const CELL: usize = 400;

/// Up to `k` nearest other rows of each row, nearest first, by Euclidean distance; ties to the lower row. Exact up to 5,000 rows.
pub fn neighbours(rows: &Matrix, k: usize, seed: u64, work: &Work) -> Result<Vec<Vec<u32>>> {
    let n = rows.len();
    let squares: Vec<f32> = (0..n).map(|i| rows.dot(i, i)).collect();
    let nearest = |i: usize, candidates: &mut dyn Iterator<Item = u32>| {
        let mut found: Vec<(f32, u32)> =
            candidates.filter(|j| *j as usize != i).map(|j| (squares[j as usize] - 2.0 * rows.dot(i, j as usize), j)).collect();
        let by = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if found.len() > k {
            found.select_nth_unstable_by(k, by);
            found.truncate(k);
        }
        found.sort_unstable_by(by);
        found.into_iter().map(|(_, j)| j).collect::<Vec<u32>>()
    };
    #[allow(clippy::cast_possible_truncation)] // at most MAX_POINTS
    if n <= EXACT {
        return Ok(work.install(|| (0..n).into_par_iter().map(|i| nearest(i, &mut (0..n as u32))).collect()));
    }
    let cells = Cells::of(rows, seed, work)?;
    work.check()?;
    Ok(work.install(|| (0..n).into_par_iter().map(|i| nearest(i, &mut cells.near(rows.row(i)))).collect()))
}

/// Rows by the direction they lie in.
struct Cells {
    centres: Matrix,
    members: Vec<Vec<u32>>,
}

impl Cells {
    #[allow(clippy::cast_possible_truncation)] // at most MAX_POINTS
    fn of(rows: &Matrix, seed: u64, work: &Work) -> Result<Self> {
        let mut unit = rows.clone();
        unit.normalise();
        let wanted = rows.len() / CELL;
        let mut rng = Rng::new(seed, 0xCE11);
        let mut centres = Matrix { dimensions: rows.dimensions, values: Vec::new() };
        (0..wanted).for_each(|_| centres.values.extend_from_slice(unit.row(rng.below(rows.len()))));
        let sample = unit.first(20_000);
        let centres = run(&sample, centres, work, "")?.centres;
        let place = |i: usize| nearest_cells(unit.row(i), &centres, 1).first().copied().unwrap_or(0);
        let placed: Vec<u32> = work.install(|| (0..rows.len()).into_par_iter().with_min_len(256).map(place).collect());
        let mut members = vec![Vec::new(); centres.len()];
        placed.iter().enumerate().for_each(|(i, c)| members[*c as usize].push(i as u32));
        Ok(Self { centres, members })
    }

    fn near(&self, row: &[f32]) -> impl Iterator<Item = u32> {
        let cells = nearest_cells(row, &self.centres, PROBES);
        cells.into_iter().flat_map(|c| self.members[c as usize].iter().copied())
    }
}

#[allow(clippy::cast_possible_truncation)] // fewer than rows
fn nearest_cells(row: &[f32], centres: &Matrix, most: usize) -> Vec<u32> {
    let mut best: Vec<(f32, u32)> = Vec::with_capacity(most + 1);
    for c in 0..centres.len() {
        let cosine = dot_f32(row, centres.row(c));
        if best.len() < most || best.last().is_some_and(|b| cosine > b.0) {
            let at = best.partition_point(|b| b.0 >= cosine);
            best.insert(at, (cosine, c as u32));
            best.truncate(most);
        }
    }
    best.into_iter().map(|(_, c)| c).collect()
}
