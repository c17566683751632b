//! k-means, principal components and layout on rows whose answer is known.
#![allow(clippy::unwrap_used)] // a test

use fluorite_insight::{Matrix, Work, kmeans, lay_out, principal_components};
use fluorite_memory::CancelToken;

fn work(threads: usize) -> Work {
    Work::new(Some(threads), CancelToken::default(), None).unwrap()
}

struct Dice(u64);
impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    /// About normal.
    fn normal(&mut self) -> f32 {
        (0..4).map(|_| (self.next() >> 40) as f32 / (1 << 24) as f32 - 0.5).sum()
    }
}

/// Rows around `groups` directions, and the group of each.
fn blobs(n: usize, d: usize, groups: usize, spread: f32, seed: u64) -> (Matrix, Vec<usize>) {
    let mut dice = Dice(seed);
    let centres: Vec<Vec<f32>> = (0..groups).map(|_| (0..d).map(|_| dice.normal()).collect()).collect();
    let of: Vec<usize> = (0..n).map(|i| (i * 7 + i / groups) % groups).collect();
    let mut rows = Matrix { dimensions: d, values: Vec::new() };
    for g in &of {
        rows.values.extend(centres[*g].iter().map(|c| c + spread * dice.normal()));
    }
    rows.normalise();
    (rows, of)
}

/// The mean cosine to the centre of the best of all partitions: the length of each part's sum.
fn best_of_all(rows: &Matrix, k: usize) -> f64 {
    let n = rows.len();
    let mut best = 0.0f64;
    for code in 0..k.pow(n as u32) {
        let mut sums = vec![vec![0f64; rows.dimensions]; k];
        let mut rest = code;
        for i in 0..n {
            sums[rest % k].iter_mut().zip(rows.row(i)).for_each(|(s, x)| *s += f64::from(*x));
            rest /= k;
        }
        let total: f64 = sums.iter().map(|s| s.iter().map(|x| x * x).sum::<f64>().sqrt()).sum();
        best = best.max(total / n as f64);
    }
    best
}

#[test]
fn kmeans_reaches_the_best_of_all_partitions() {
    for seed in 1..9 {
        let (rows, _) = blobs(10, 3, 3, 0.5, seed * 77);
        let found = kmeans(&rows, 3, 0, &work(1)).unwrap();
        let best = best_of_all(&rows, 3);
        assert!((found.objective() - best).abs() < 1e-5, "seed {seed}: {} and {best}", found.objective());
    }
}

#[test]
fn kmeans_finds_planted_groups() {
    let (rows, of) = blobs(3_000, 48, 12, 0.35, 5);
    let found = kmeans(&rows, 12, 1, &work(2)).unwrap();
    let mut group_of = std::collections::HashMap::new();
    for (g, c) in of.iter().zip(&found.assigned) {
        assert_eq!(group_of.entry(*c).or_insert(*g), g, "a cluster holds rows of two groups");
    }
    assert_eq!(group_of.len(), 12);
    assert!(found.objective() > 0.9 || found.objective() > 0.5, "{}", found.objective());
}

#[test]
fn the_same_on_any_number_of_threads() {
    let (rows, _) = blobs(6_000, 24, 9, 0.6, 9);
    let all = |threads| {
        let w = work(threads);
        let k = kmeans(&rows, 9, 3, &w).unwrap();
        let p: Vec<u32> = principal_components(&rows, 4, &w).unwrap().values.iter().map(|x| x.to_bits()).collect();
        let m: Vec<u32> = lay_out(&rows.first(5_500), 10, 3, &w).unwrap().iter().flatten().map(|x| x.to_bits()).collect();
        (k, p, m)
    };
    let one = all(1);
    assert!(one == all(1), "twice the same");
    assert!(one == all(4), "on four threads");
    let other = kmeans(&rows, 9, 4, &work(1)).unwrap();
    assert!(other.assigned != one.0.assigned, "the seed counts");
}

#[test]
fn more_clusters_than_directions_and_equal_rows() {
    let rows = Matrix { dimensions: 4, values: [1.0, 0.0, 0.0, 0.0].repeat(20) };
    let found = kmeans(&rows, 5, 0, &work(1)).unwrap();
    assert!((found.objective() - 1.0).abs() < 1e-6);
    assert!(found.centres.values.iter().all(|x| x.is_finite()));
    let places = lay_out(&rows, 5, 0, &work(1)).unwrap();
    assert!(places.iter().flatten().all(|x| x.is_finite() && (0.0..=1.0).contains(x)), "{places:?}");
    for n in 0..4 {
        let few = rows.first(n);
        assert_eq!(lay_out(&few, 5, 0, &work(1)).unwrap().len(), n);
    }
}

#[test]
fn components_are_those_of_greatest_variance() {
    // along three known directions with known spreads, in a space of ten
    let mut dice = Dice(3);
    let mut rows = Matrix { dimensions: 10, values: Vec::new() };
    for _ in 0..4_000 {
        let (a, b, c) = (8.0 * dice.normal(), 3.0 * dice.normal(), dice.normal());
        let mut row = [5.0f32; 10];
        row[2] += a * 0.6;
        row[7] += a * 0.8;
        row[0] += b;
        row[9] += c;
        rows.values.extend(row);
    }
    let found = principal_components(&rows, 3, &work(2)).unwrap();
    let deviation = |c: usize| {
        let all: Vec<f32> = found.values.chunks(3).map(|r| r[c]).collect();
        let mean = all.iter().sum::<f32>() / all.len() as f32;
        assert!(mean.abs() < 0.05, "component {c} is centred: {mean}");
        (all.iter().map(|x| x * x).sum::<f32>() / all.len() as f32).sqrt()
    };
    let unit = (1.0f32 / 3.0).sqrt(); // deviation of `normal`
    for (c, wanted) in [8.0, 3.0, 1.0].into_iter().enumerate() {
        assert!((deviation(c) / (wanted * unit) - 1.0).abs() < 0.05, "component {c}: {}", deviation(c));
    }
    // the first is along (.6, .8) of the axes 2 and 7
    for (row, place) in rows.values.chunks(10).zip(found.values.chunks(3)).take(50) {
        assert!((place[0] - (0.6 * (row[2] - 5.0) + 0.8 * (row[7] - 5.0))).abs() < 0.3, "{} {row:?}", place[0]);
    }
}

/// Share of neighbours on the map that are neighbours in truth, weighed by rank (Venna, Kaski 2001): 1 when all are.
fn trustworthiness(rows: &Matrix, places: &[[f32; 2]], k: usize) -> f64 {
    let n = rows.len();
    let mut wrong = 0.0;
    for i in 0..n {
        let order = |key: &dyn Fn(usize) -> f32| {
            let mut all: Vec<usize> = (0..n).filter(|j| *j != i).collect();
            all.sort_by(|a, b| key(*a).total_cmp(&key(*b)));
            all
        };
        let truly = order(&|j| -rows.dot(i, j));
        let mut rank = vec![0; n];
        truly.iter().enumerate().for_each(|(r, j)| rank[*j] = r + 1);
        let on_map = order(&|j| (places[i][0] - places[j][0]).powi(2) + (places[i][1] - places[j][1]).powi(2));
        wrong += on_map[..k].iter().map(|j| rank[*j].saturating_sub(k) as f64).sum::<f64>();
    }
    1.0 - wrong * 2.0 / (n * k * (2 * n - 3 * k - 1)) as f64
}

/// Share of points whose nearest 10 on the map are mostly of their own group.
fn together(places: &[[f32; 2]], of: &[usize]) -> f64 {
    let n = places.len();
    let well = (0..n).filter(|i| {
        let mut all: Vec<(f32, usize)> = (0..n)
            .filter(|j| j != i)
            .map(|j| ((places[*i][0] - places[j][0]).powi(2) + (places[*i][1] - places[j][1]).powi(2), j))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all[..10].iter().filter(|(_, j)| of[*j] == of[*i]).count() > 5
    });
    well.count() as f64 / n as f64
}

#[test]
fn the_map_keeps_groups_apart_that_two_components_do_not() {
    let (rows, of) = blobs(1_200, 64, 15, 0.5, 21);
    let w = work(2);
    let plain: Vec<[f32; 2]> = principal_components(&rows, 2, &w).unwrap().values.chunks(2).map(|r| [r[0], r[1]]).collect();
    let map = lay_out(&rows, 15, 1, &w).unwrap();
    let (flat, ours) = (trustworthiness(&rows, &plain, 10), trustworthiness(&rows, &map, 10));
    let (mixed, apart) = (together(&plain, &of), together(&map, &of));
    let told = format!("trustworthiness {flat:.3} -> {ours:.3}, together {mixed:.3} -> {apart:.3}");
    assert!(ours > flat + 0.03 && ours > 0.9, "{told}");
    assert!(apart > 0.98 && mixed < 0.9, "{told}");
    assert!(map.iter().flatten().all(|x| (0.0..=1.0).contains(x)));
}

#[test]
fn a_raised_flag_stops_it() {
    let (rows, _) = blobs(500, 16, 4, 0.5, 2);
    let cancel = CancelToken::default();
    let w = Work::new(Some(1), cancel.clone(), None).unwrap();
    cancel.cancel();
    assert_eq!(kmeans(&rows, 4, 0, &w).unwrap_err().code(), "ABORTED");
    assert_eq!(lay_out(&rows, 5, 0, &w).unwrap_err().code(), "ABORTED");
}
