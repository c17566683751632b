//! A layout in two dimensions: rows are drawn to their neighbours and pushed off others drawn at random, as in UMAP (McInnes, Healy,
//! Melville 2018, with a = b = 1), but all at once in every round, so that the result does not depend on threads.

use fluorite_memory::Result;
use rayon::prelude::*;

use crate::rng::Rng;
use crate::work::Work;

/// Others that a row is pushed off in a round.
const OTHERS: usize = 8;
/// How strongly, beside what draws.
const PUSH: f32 = 1.0;
/// Rounds: as many as a small map needs, fewer for a large one, so that it takes seconds.
const ROUNDS: usize = 400;
const LEAST_ROUNDS: usize = 150;
/// Row-rounds that are worth it.
const EFFORT: usize = 15_000_000;
/// How much of a move goes on in the next round.
const MOMENTUM: f32 = 0.8;
/// Most a row moves in a round, at first.
const STEP: f32 = 1.0;

/// Moves places until neighbours are near each other. `linked` is symmetric.
///
/// # Errors
/// `ABORTED`.
pub fn settle(mut places: Vec<[f32; 2]>, linked: &[Vec<u32>], seed: u64, work: &Work) -> Result<Vec<[f32; 2]>> {
    let n = places.len();
    if n < 3 {
        return Ok(places);
    }
    let rounds = (EFFORT / n).clamp(LEAST_ROUNDS, ROUNDS);
    let mut speed = vec![[0f32; 2]; n];
    for round in 0..rounds {
        work.check()?;
        if round % 10 == 0 {
            work.told("layout", round, rounds);
        }
        #[allow(clippy::cast_precision_loss)] // a share
        let left = 1.0 - round as f32 / rounds as f32;
        let pull = |i: usize| moved(i, &places, &linked[i], Rng::new(seed ^ ((round as u64) << 32), i as u64));
        let next: Vec<[f32; 2]> = work.install(|| (0..n).into_par_iter().with_min_len(512).map(pull).collect());
        for ((place, speed), force) in places.iter_mut().zip(&mut speed).zip(next) {
            for axis in 0..2 {
                speed[axis] = (MOMENTUM * speed[axis] + left * force[axis]).clamp(-STEP, STEP);
                place[axis] += speed[axis];
            }
        }
    }
    work.told("layout", rounds, rounds);
    Ok(places)
}

/// Where a row is drawn in a round.
#[allow(clippy::cast_precision_loss)] // counts
fn moved(i: usize, places: &[[f32; 2]], linked: &[u32], mut rng: Rng) -> [f32; 2] {
    let [x, y] = places[i];
    let mut drawn = [0f32; 2];
    for j in linked {
        let [u, v] = places[*j as usize];
        let (dx, dy) = (u - x, v - y);
        let pull = 1.0 / (1.0 + dx * dx + dy * dy);
        drawn[0] += pull * dx;
        drawn[1] += pull * dy;
    }
    let mut pushed = [0f32; 2];
    for _ in 0..OTHERS {
        let j = rng.below(places.len());
        if j == i {
            continue;
        }
        let [u, v] = places[j];
        let (dx, dy) = (x - u, y - v);
        let square = dx * dx + dy * dy;
        let push = 1.0 / ((0.01 + square) * (1.0 + square));
        pushed[0] += (push * dx).clamp(-4.0, 4.0);
        pushed[1] += (push * dy).clamp(-4.0, 4.0);
    }
    let links = linked.len().max(1) as f32;
    let of = |axis: usize| 0.2 * (drawn[axis] / links + PUSH * pushed[axis] / OTHERS as f32);
    [of(0), of(1)]
}

/// Links both ways, each once, in order.
pub fn symmetric(neighbours: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut linked: Vec<Vec<u32>> = neighbours.to_vec();
    #[allow(clippy::cast_possible_truncation)] // at most MAX_POINTS
    for (i, list) in neighbours.iter().enumerate() {
        list.iter().for_each(|j| linked[*j as usize].push(i as u32));
    }
    for list in &mut linked {
        list.sort_unstable();
        list.dedup();
    }
    linked
}
