//! Head and graphs as one index against the oracle.

#![allow(clippy::print_stderr, clippy::print_stdout)] // figures

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fluorite_ml::vector::normalize;
use proptest::prelude::*;

use super::graph::Source as GraphSource;
use super::graph::tests::{made, opened};
use super::tests::{Random, Source};
use super::*;

const DIMS: usize = 20;
const NONE: u32 = u32::MAX;

/// An index and what it must hold.
struct Case {
    index: LayeredIndex,
    source: Source,
    next: u32,
    random: Random,
    centres: Vec<Vec<f32>>,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let centres = (0..12).map(|_| random.vector(DIMS)).collect();
        Self { index: LayeredIndex::new(DIMS), source: Source::default(), next: 1, random, centres }
    }

    fn vector(&mut self) -> Vec<f32> {
        let centre = (self.random.next() % 12) as usize;
        let mut v: Vec<f32> = (0..DIMS).map(|i| self.centres[centre][i] + 0.7 * self.random.normal()).collect();
        assert!(normalize(&mut v));
        v
    }

    fn insert(&mut self, row: u32) {
        let v = self.vector();
        self.index.insert(row, &v);
        self.source.0.insert(row, v);
    }

    fn forget(&mut self, rows: &RowSet) {
        self.index.forget(rows);
        self.source.0.retain(|row, _| !rows.contains(*row));
    }

    /// Puts a graph of these head rows, and of all nodes of these graphs, in their place.
    fn freeze(&mut self, rows: &[u32], numbers: &[u32]) {
        let mut sources = vec![GraphSource::Codes(self.index.head_codes(rows))];
        let mut origin = rows.to_vec();
        for number in numbers {
            let graph = self.index.graphs().find(|g| g.graph.number() == *number).unwrap().graph;
            let of = self.index.rows_of(*number).unwrap();
            origin.extend(of.iter().filter(|row| **row != NONE));
            sources.push(GraphSource::Graph(graph, of.iter().map(|row| *row != NONE).collect()));
        }
        let made = made(sources);
        let graph = opened(&made, self.next, DIMS);
        self.next += 1;
        // what died while the graph was built is gone
        let of = made.frozen.origin.iter().map(|o| origin[*o as usize]);
        let rows = of.map(|row| if self.source.0.contains_key(&row) { row } else { NONE }).collect();
        self.index.install(Arc::new(graph), rows);
        for number in numbers {
            assert!(self.index.remove(*number).is_empty(), "rows left behind in graph {number}");
        }
    }

    fn freeze_head(&mut self, one_in: u64) {
        let rows: Vec<u32> = self.index.head_rows().iter().collect();
        let rows: Vec<u32> = rows.into_iter().filter(|_| self.random.next().is_multiple_of(one_in)).collect();
        if !rows.is_empty() {
            self.freeze(&rows, &[]);
        }
    }

    fn numbers(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.index.graphs().map(|g| g.graph.number()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Size, membership, and a hit for every row by its own vector.
    fn check(&self) {
        let held: HashSet<u32> = self.source.0.keys().copied().collect();
        assert_eq!(self.index.len(), held.len());
        assert_eq!(self.index.graphs().map(|g| g.rows).sum::<usize>() + self.index.head_rows().len(), held.len());
        let all = RowSet::below(4_000);
        for row in 0..400 {
            assert_eq!(self.index.has(row), held.contains(&row), "row {row}");
        }
        for (row, v) in &self.source.0 {
            let found = self.index.search(v, 1, &all, Effort::default(), &self.source).unwrap();
            assert_eq!(found[0].0, *row, "its own vector finds {found:?}");
        }
    }

    /// Hits of ten that the oracle has too, over some queries. Every hit is a row that is, with its score.
    fn recall(&mut self, allowed: &RowSet, effort: Effort, queries: usize) -> (usize, usize) {
        let (mut hits, mut all) = (0, 0);
        for _ in 0..queries {
            let query = self.vector();
            let found = self.index.search(&query, 10, allowed, effort, &self.source).unwrap();
            let mut there: RowSet = self.source.0.keys().copied().collect();
            there.and(allowed);
            let truth = search_exact(&query, 10, &there, &self.source).unwrap();
            assert_eq!(self.index.search_exact(&query, 10, allowed, &self.source).unwrap(), truth);
            assert_eq!(found.len(), truth.len(), "of {} rows", there.len());
            assert!(
                found.windows(2).all(|w| (w[1].1, w[0].0) < (w[0].1, w[1].0)),
                "best first, ties to the lower row: {found:?}"
            );
            for (row, cosine) in &found {
                assert!(allowed.contains(*row), "row {row} is not allowed");
                let exact = self.source.cosine(*row, &unit(&query)).unwrap().expect("a row that was forgotten");
                assert_eq!(exact.clamp(-1.0, 1.0), *cosine);
            }
            hits += found.iter().filter(|f| truth.contains(f)).count();
            all += truth.len();
        }
        (hits, all)
    }
}

fn unit(query: &[f32]) -> Vec<f32> {
    let mut unit = query.to_vec();
    assert!(normalize(&mut unit));
    unit
}

fn every(n: u32) -> RowSet {
    (0..4_000).filter(|row| row % n == 0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Planted bugs known to be caught: `forget` leaves a graph's node its row, or a walk offers nodes whose rows are not
    /// allowed (lost tombstone).
    #[test]
    fn any_history_of_head_and_graphs_agrees_with_the_oracle(
        steps in proptest::collection::vec((0u8..12, 0u32..400, 1u32..60), 4..24),
        seed: u64,
    ) {
        let mut case = Case::new(seed);
        (0..150).for_each(|row| case.insert(row));
        for (action, row, count) in steps {
            match action {
                // new, overwritten in the head, or overwritten in a graph
                0..=3 => (row..(row + count).min(400)).for_each(|row| case.insert(row)),
                4..=5 => case.forget(&(row..row + count).collect()),
                6 => case.forget(&(0..400).filter(|r| (r + row) % 5 == 0).collect()),
                7..=8 => case.freeze_head(1),
                9 => case.freeze_head(2),
                10 => {
                    let numbers = case.numbers();
                    let joined = &numbers[..numbers.len().min(3)];
                    let rows: Vec<u32> = case.index.head_rows().iter().take(count as usize).collect();
                    if !rows.is_empty() {
                        case.freeze(&rows, joined);
                    }
                }
                _ => {
                    // a damaged graph is taken out; what it held is read again
                    if let Some(number) = case.numbers().first() {
                        let lost = case.index.remove(*number);
                        for row in lost.iter() {
                            prop_assert!(!case.index.has(row));
                            let v = case.source.0[&row].clone();
                            case.index.insert(row, &v);
                        }
                    }
                }
            }
        }
        case.check();
        let sets = [RowSet::below(4_000), every(2), every(10), every(100), RowSet::new(), (3_000..3_100).collect()];
        let (mut hits, mut all) = (0, 0);
        for allowed in &sets {
            let (h, a) = case.recall(allowed, Effort::default(), 5);
            hits += h;
            all += a;
        }
        prop_assert!(hits * 100 >= all * 96, "{hits} of {all}");
        // so narrow that all that match are compared
        for allowed in [every(50), (0..400).filter(|r| r % 40 == 7).collect()] {
            let (hits, all) = case.recall(&allowed, Effort::default(), 3);
            prop_assert_eq!(hits, all);
        }
    }
}

#[test]
fn recall_holds_under_every_filter_and_target() {
    let mut case = Case::new(77);
    (0..2_600).for_each(|row| case.insert(row));
    case.freeze_head(1);
    (2_600..3_300).for_each(|row| case.insert(row));
    case.freeze_head(1);
    (3_300..3_400).for_each(|row| case.insert(row));
    case.forget(&(0..3_400).filter(|r| r % 7 == 3).collect());
    assert_eq!(case.index.graphs().count(), 2);
    for (name, allowed) in
        [("all", RowSet::below(4_000)), ("50 %", every(2)), ("10 %", every(10)), ("1 %", every(100)), ("one", (14..15).collect())]
    {
        for (target, floor) in [(0.9, 0.89), (0.98, 0.97), (0.999, 0.99)] {
            let (hits, all) = case.recall(&allowed, Effort::Recall(target), 100);
            let found = hits as f32 / all as f32;
            eprintln!("{name}: {found} at target {target}");
            assert!(found >= floor, "{name}: {found} of {target}");
        }
    }
    let (hits, all) = case.recall(&RowSet::below(4_000), Effort::Width(400), 50);
    assert!(hits * 1_000 >= all * 995, "{hits} of {all} with a wide walk");
    assert!(case.index.bytes() > 3_000 * 12);
    let (narrow, wide) = (case.index.estimate(10, Effort::Recall(0.9)), case.index.estimate(10, Effort::Width(1_000)));
    assert!(narrow < wide, "{narrow} {wide}");
    assert!(case.index.is_resident());
}

/// Planted bug known to be caught: `forget` leaves a graph's node its row.
#[test]
fn a_row_that_is_used_again_is_the_new_vector() {
    let mut case = Case::new(78);
    (0..300).for_each(|row| case.insert(row));
    case.freeze_head(1);
    let old: HashMap<u32, Vec<f32>> = case.source.0.clone();
    case.forget(&(0..300).filter(|r| r % 3 == 0).collect());
    (0..300).filter(|r| r % 6 == 0).for_each(|row| case.insert(row)); // after a deletion
    (0..300).filter(|r| r % 3 == 1).for_each(|row| case.insert(row)); // overwritten
    case.check();
    let all = RowSet::below(300);
    let compare = |case: &Case| {
        for (row, v) in &old {
            let found = case.index.search(v, 1, &all, Effort::default(), &case.source).unwrap();
            assert_eq!(found[0].0 == *row && found[0].1 > 0.999_9, row % 3 == 2, "the old vector of row {row} finds {found:?}");
        }
    };
    compare(&case);
    case.freeze_head(1);
    case.check();
    compare(&case);
    let numbers = case.numbers();
    case.freeze(&[], &numbers);
    case.check();
    compare(&case);
}

#[test]
fn equal_vectors_come_in_the_order_of_their_rows() {
    let mut case = Case::new(79);
    (0..200).for_each(|row| case.insert(row));
    let v = case.source.0[&50].clone();
    for row in [7, 120, 199] {
        case.index.insert(row, &v);
        case.source.0.insert(row, v.clone());
    }
    case.freeze_head(1);
    for row in [3, 60] {
        case.index.insert(row, &v);
        case.source.0.insert(row, v.clone());
    }
    let rows = |case: &Case, allowed: &RowSet| -> Vec<u32> {
        case.index
            .search(&v, 6, allowed, Effort::default(), &case.source)
            .unwrap()
            .iter()
            .take_while(|h| h.1 > 0.999_99)
            .map(|h| h.0)
            .collect()
    };
    assert_eq!(rows(&case, &RowSet::below(200)), [3, 7, 50, 60, 120, 199]);
    assert_eq!(rows(&case, &(0..100).collect()), [3, 7, 50, 60]);
    case.freeze_head(1);
    assert_eq!(rows(&case, &RowSet::below(200)), [3, 7, 50, 60, 120, 199]);
}

#[test]
fn queries_that_make_no_sense_are_refused_by_graphs_too() {
    let mut case = Case::new(80);
    let all = RowSet::below(100);
    assert_eq!(case.index.search(&[1.0; DIMS], 3, &all, Effort::default(), &case.source).unwrap(), []);
    (0..100).for_each(|row| case.insert(row));
    case.freeze_head(1);
    assert!(case.index.head_rows().is_empty());
    let refused = |query: &[f32]| case.index.search(query, 3, &all, Effort::default(), &case.source).unwrap_err();
    assert!(matches!(refused(&[1.0; 7]), crate::Error::DimensionMismatch { expected: DIMS, found: 7 }));
    assert!(matches!(refused(&[0.0; DIMS]), crate::Error::InvalidArgument { .. }));
    assert!(matches!(refused(&[f32::NAN; DIMS]), crate::Error::InvalidArgument { .. }));
    assert_eq!(case.index.search(&[1.0; DIMS], 0, &all, Effort::default(), &case.source).unwrap(), []);
    assert_eq!(case.index.search(&[1.0; DIMS], 1_000, &all, Effort::default(), &case.source).unwrap().len(), 100);
    assert_eq!(case.index.search(&[1.0; DIMS], 10, &all, Effort::Width(1), &case.source).unwrap().len(), 10);
}

/// Near-duplicates: what the codes tell apart only just, or not at all.
fn near_duplicates(random: &mut Random, centres: usize, each: usize, spread: f32) -> Vec<Vec<f32>> {
    let mut out = Vec::new();
    for _ in 0..centres {
        let centre = random.vector(384);
        for _ in 0..each {
            let mut v: Vec<f32> = centre.iter().map(|c| c + spread * random.normal()).collect();
            assert!(normalize(&mut v));
            out.push(v);
        }
    }
    out
}

#[test]
fn near_duplicates_are_found_by_their_own_vectors_and_their_nearest_too() {
    for (centres, each, spread) in [(20, 50, 0.006), (12, 100, 0.02)] {
        let mut random = Random(91);
        let vectors = near_duplicates(&mut random, centres, each, spread);
        let source = Source(vectors.iter().cloned().enumerate().map(|(row, v)| (row as u32, v)).collect());
        let (all, rows) = (RowSet::below(vectors.len() as u32), (0..vectors.len() as u32).collect::<Vec<_>>());
        let mut index = LayeredIndex::new(384);
        rows.iter().for_each(|row| index.insert(*row, &vectors[*row as usize]));
        for place in ["head", "graph"] {
            if place == "graph" {
                let made = made(vec![GraphSource::Codes(index.head_codes(&rows))]);
                let of = made.frozen.origin.clone();
                index.install(Arc::new(opened(&made, 1, 384)), of);
                assert!(index.head_rows().is_empty());
            }
            let (mut lost, mut hits) = (0, 0);
            for (row, v) in (0u32..).zip(&vectors) {
                let found = index.search(v, 1, &all, Effort::default(), &source).unwrap();
                lost += u32::from(found[0].0 != row);
                if row % 10 == 0 {
                    let truth = search_exact(v, 10, &all, &source).unwrap();
                    let found = index.search(v, 10, &all, Effort::default(), &source).unwrap();
                    hits += found.iter().filter(|f| truth.contains(f)).count();
                }
            }
            let recall = hits as f32 / vectors.len() as f32;
            eprintln!("{place}, {centres} times {each} with spread {spread}: {lost} lost, recall@10 {recall}");
            assert_eq!(lost, 0, "{place}, spread {spread}: not found by their own vectors");
            assert!(recall >= 0.97, "{place}, spread {spread}: {recall}");
        }
    }
}

/// Nobody waits on the calling thread for more than was promised: half of the graph is dead, the half next to the query.
#[test]
fn a_search_that_would_compare_too_much_says_so() {
    let mut case = Case::new(92);
    let mut random = Random(92);
    let mut source = Source::default();
    for row in 0..4_000u32 {
        let mut v: Vec<f32> = (0..DIMS).map(|_| random.normal() + if row < 1_900 { 1.0 } else { 0.0 }).collect();
        assert!(normalize(&mut v));
        case.index.insert(row, &v);
        source.0.insert(row, v);
    }
    case.source = source;
    case.freeze_head(1);
    let ask = |case: &Case, allowed: &RowSet, most| {
        case.index.search_within(&[1.0; DIMS], 10, allowed, Effort::default(), &case.source, most).unwrap()
    };
    let far: RowSet = (1_900..4_000).collect();
    let whole = ask(&case, &far, usize::MAX).unwrap();
    assert_eq!(whole, search_exact(&[1.0; DIMS], 10, &far, &case.source).unwrap());
    assert_eq!(ask(&case, &far, 10_000), Some(whole));
    for most in [1, 1_000, 2_000] {
        assert_eq!(ask(&case, &far, most), None, "{most}");
    }
    let all = RowSet::below(4_000);
    assert!(ask(&case, &all, case.index.estimate(10, Effort::default())).is_some());
    // dead rows make the walks wider, and the estimate says so
    let before = case.index.estimate(10, Effort::default());
    case.forget(&(0..4_000).filter(|row| row % 4 == 0).collect());
    assert!(case.index.estimate(10, Effort::default()) > before);
}

#[test]
fn a_width_beyond_all_numbers_is_no_overflow() {
    let mut case = Case::new(93);
    (0..300).for_each(|row| case.insert(row));
    case.freeze_head(1);
    case.forget(&(0..5).collect());
    let wide = Effort::Width(usize::MAX);
    assert!(case.index.estimate(10, wide) >= 295);
    assert_eq!(case.index.search(&[1.0; DIMS], 10, &RowSet::below(300), wide, &case.source).unwrap().len(), 10);
}
