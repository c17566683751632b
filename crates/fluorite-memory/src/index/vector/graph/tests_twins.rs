//! Texts stored many times: walks get past the copies, and all of them are found.

#![allow(clippy::print_stderr, clippy::print_stdout)] // figures

use std::sync::Arc;

use fluorite_ml::vector::normalize;

use super::super::tests::{Random, Source as Rows};
use super::super::{Effort, LayeredIndex, VectorIndex, search_exact};
use super::make::Source;
use super::tests::{made, opened};
use super::twins::{fit, twins_of, walked_for};
use crate::index::rows::RowSet;

const NONE: u32 = u32::MAX;

/// Vectors in rows, some of them in graphs.
struct Store {
    index: LayeredIndex,
    rows: Rows,
    dims: usize,
    random: Random,
    centres: Vec<Vec<f32>>,
}

impl Store {
    fn new(seed: u64, dims: usize) -> Self {
        Self { index: LayeredIndex::new(dims), rows: Rows::default(), dims, random: Random(seed), centres: Vec::new() }
    }

    fn insert(&mut self, row: u32, mut vector: Vec<f32>) {
        assert!(normalize(&mut vector));
        self.index.insert(row, &vector);
        self.rows.0.insert(row, vector);
    }

    fn near(&mut self, to: &[f32], spread: f32) -> Vec<f32> {
        // four uniforms deviate by 0.58
        to.iter().map(|v| v + spread / 0.577 * self.random.normal()).collect()
    }

    /// So many texts, in each so many rows that differ by `spread` (1: as much as texts do). Rows of a text lie apart.
    fn with_copies(mut self, texts: u32, copies: u32, spread: f32) -> Self {
        let first = self.rows.0.len() as u32;
        let centres: Vec<Vec<f32>> =
            (0..texts).map(|_| self.random.vector(self.dims).iter().map(|v| v / 0.577).collect()).collect();
        for copy in 0..copies {
            for text in 0..texts {
                let vector =
                    if spread == 0.0 { centres[text as usize].clone() } else { self.near(&centres[text as usize], spread) };
                self.insert(first + copy * texts + text, vector);
            }
        }
        self.centres.extend(centres);
        self
    }

    /// A graph of these rows of the head and of other graphs, in their place.
    fn freeze(&mut self, rows: &[u32], numbers: &[u32], number: u32) {
        let mut sources: Vec<Source> = Source::divide(rows).map(|part| Source::Codes(self.index.head_codes(part))).collect();
        let mut origin = rows.to_vec();
        for number in numbers {
            let graph = self.index.graphs().find(|g| g.graph.number() == *number).unwrap().graph;
            let of = self.index.rows_of(*number).unwrap();
            origin.extend(of.iter().filter(|row| **row != NONE));
            sources.push(Source::Graph(graph, of.iter().map(|row| *row != NONE).collect()));
        }
        let made = made(sources);
        let graph = opened(&made, number, self.dims);
        let rows = made.frozen.origin.iter().map(|o| origin[*o as usize]).collect();
        self.index.install(Arc::new(graph), rows);
        for number in numbers {
            assert!(self.index.remove(*number).is_empty());
        }
    }

    fn freeze_all(mut self) -> Self {
        let rows: Vec<u32> = self.index.head_rows().iter().collect();
        self.freeze(&rows, &[], 1);
        self
    }

    /// The share of ten hits as near as the tenth of the oracle.
    fn recall(&self, queries: &[Vec<f32>], allowed: &RowSet) -> f32 {
        let (mut hits, mut all) = (0, 0);
        let mut there: RowSet = self.rows.0.keys().copied().collect();
        there.and(allowed);
        for query in queries {
            let truth = search_exact(query, 10, &there, &self.rows).unwrap();
            let found = self.index.search(query, 10, allowed, Effort::default(), &self.rows).unwrap();
            assert_eq!(found.len(), truth.len());
            assert!(found.iter().all(|(row, _)| there.contains(*row)));
            let least = truth.last().map_or(0.0, |t| t.1) - 1e-6;
            hits += found.iter().filter(|f| f.1 >= least).count();
            all += truth.len();
        }
        hits as f32 / all.max(1) as f32
    }

    /// Recall at least this, for noisy texts and for vectors like nothing stored.
    fn check(&mut self, what: &str, allowed: &RowSet, noisy: f32, random: f32) {
        let (a, b) = (self.noisy(100, 0.5), self.random(100));
        let (a, b) = (self.recall(&a, allowed), self.recall(&b, allowed));
        eprintln!("{what}: recall {a:.4} of noisy texts, {b:.4} of random vectors");
        assert!(a >= noisy && b >= random, "{what}: {a}, {b}");
    }

    fn forget(&mut self, gone: impl Fn(u32) -> bool) {
        let rows: RowSet = self.rows.0.keys().copied().filter(|row| gone(*row)).collect();
        self.index.forget(&rows);
        self.rows.0.retain(|row, _| !rows.contains(*row));
    }

    /// Nodes that are walked, and all nodes, of the only graph.
    fn nodes(&self) -> (usize, usize) {
        let graph = self.index.graphs().next().unwrap().graph;
        (graph.view().len(), graph.nodes())
    }

    /// Rows whose node is a twin.
    fn twins(&self) -> RowSet {
        let graph = self.index.graphs().next().unwrap().graph;
        self.index.rows_of(graph.number()).unwrap()[graph.view().len()..].iter().copied().filter(|r| *r != NONE).collect()
    }

    fn noisy(&mut self, count: usize, noise: f32) -> Vec<Vec<f32>> {
        (0..count).map(|q| self.near(&self.centres[q % self.centres.len()].clone(), noise)).collect()
    }

    fn random(&mut self, count: usize) -> Vec<Vec<f32>> {
        (0..count).map(|_| self.random.vector(self.dims)).collect()
    }
}

/// Planted bug known to be caught: equal codes walked as nodes of their own.
#[test]
fn copies_of_a_text_do_not_hide_other_texts() {
    let (texts, copies) = (300, 40);
    let mut store = Store::new(11, 48).with_copies(texts, copies, 0.0).freeze_all();
    assert_eq!(store.nodes(), (300, 12_000));
    let all = RowSet::below(20_000);
    store.check("copies", &all, 0.97, 0.97);
    let twins = store.twins();
    assert_eq!(twins.len(), 300 * 39);
    store.check("only twins", &twins, 0.97, 0.97);
    store.check("every 7th text", &(0..12_000).filter(|row| row % texts % 7 == 0).collect(), 0.97, 0.97);
    store.check("one copy of each text", &(600..900).collect(), 0.97, 0.97);
    store.check("one text", &(0..12_000).filter(|row| row % texts == 8).collect(), 0.97, 0.97);
    // of equal rows any ten will do, and all are found
    let rows: Vec<u32> = (0..copies).map(|copy| copy * texts + 8).collect();
    let own = store.rows.0[&8].clone();
    let mut found: Vec<u32> =
        store.index.search(&own, 40, &all, Effort::default(), &store.rows).unwrap().iter().map(|f| f.0).collect();
    found.sort_unstable();
    assert_eq!(found, rows);
    // half of the copies go, walked ones among them
    store.forget(|row| row / 300 % 2 == 0);
    store.check("half of the copies deleted", &all, 0.97, 0.97);
    store.forget(|row| row % 300 % 2 == 0);
    store.check("half of the texts deleted", &all, 0.97, 0.97);
    // a twin stands in for a walked node that is dead
    store.freeze(&[], &[1], 2);
    assert_eq!(store.nodes(), (150, 3_000));
    store.check("made anew", &all, 0.97, 0.97);
}

#[test]
fn near_copies_of_a_text_do_not_hide_other_texts() {
    let all = RowSet::below(20_000);
    for (dims, texts, copies) in [(64, 100, 50), (384, 60, 40), (64, 150, 25)] {
        let mut store = Store::new(11, dims).with_copies(texts, copies, 0.1).freeze_all();
        assert!(store.index.graphs().next().unwrap().graph.entries() >= texts as usize * 9 / 10, "a text has no entry");
        store.check(&format!("{dims} dimensions, {texts} texts of {copies}"), &all, 0.97, 0.97);
    }
}

#[test]
fn ten_thousand_equal_rows_among_others() {
    let mut store = Store::new(12, 24).with_copies(6_000, 1, 0.0).with_copies(1, 10_000, 0.0).freeze_all();
    assert_eq!(store.nodes(), (6_001, 16_000));
    let (others, block): (RowSet, RowSet) = ((0..6_000).collect(), (6_000..16_000).collect());
    let all = RowSet::below(20_000);
    store.check("a block", &all, 0.97, 0.96);
    store.check("others", &others, 0.97, 0.96);
    store.check("block", &block, 1.0, 1.0);
    store.check("a few of both", &(0..16_000).filter(|row| row % 9 == 0).collect(), 0.97, 0.96);
    store.centres = store.centres.split_off(6_000);
    store.check("a block, near it", &all, 0.97, 0.96);
    store.check("others, near it", &others, 0.97, 0.96);
    store.forget(|row| row >= 6_000);
    store.check("block deleted", &all, 0.97, 0.96);
}

#[test]
fn copies_in_several_graphs_join() {
    let (texts, copies) = (400, 12);
    let mut store = Store::new(13, 32).with_copies(texts, copies, 0.0);
    let of = |from: u32, to: u32| (from * 400..to * 400).collect::<Vec<u32>>();
    store.freeze(&of(0, 4), &[], 1);
    store.freeze(&of(4, 9), &[], 2);
    let all = RowSet::below(20_000);
    store.check("two graphs and a head", &all, 0.97, 0.97);
    // the walked nodes of the first graph die, and some texts in it altogether
    store.forget(|row| row < 500 || (row < 1_600 && row % 400 < 30));
    store.freeze(&of(9, 11), &[2, 1], 3);
    assert_eq!(store.nodes(), (400, store.rows.0.len() - 400));
    store.check("joined", &all, 0.97, 0.97);
    store.check("joined, only twins", &store.twins(), 0.97, 0.97);
    store.freeze(&of(11, 12), &[3], 4);
    assert_eq!(store.nodes(), (400, store.rows.0.len()));
    store.check("joined again", &all, 0.97, 0.97);
    for text in (0..400).step_by(9) {
        let rows = store.rows.0.keys().filter(|row| *row % 400 == text).count();
        let own = store.rows.0[&(4_400 + text)].clone();
        let found = store.index.search(&own, 12, &all, Effort::default(), &store.rows).unwrap();
        assert_eq!(found.iter().filter(|f| f.0 % 400 == text).count(), rows, "text {text}: {found:?}");
    }
}

#[test]
fn lists_of_twins_that_cannot_be_are_refused() {
    // of 10 nodes 6 are walked; 2 and 5 have twins
    let good = [[2, 6], [5, 9]];
    assert!(fit(&good, 10, 6) && fit(&[], 6, 6));
    let twins: Vec<Vec<u32>> = (0..6).map(|node| twins_of(&good, 10, node).collect()).collect();
    assert_eq!(twins, [vec![], vec![], vec![6, 7, 8], vec![], vec![], vec![9]]);
    assert_eq!((0..10).map(|node| walked_for(&good, node)).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 2, 2, 2, 5]);
    for bad in [&[][..], &[[2, 7]], &[[6, 6]], &[[2, 6], [2, 9]], &[[5, 6], [2, 9]], &[[2, 6], [5, 10]], &[[2, 6], [5, 6]]] {
        assert!(!fit(bad, 10, 6), "{bad:?}");
    }
}
