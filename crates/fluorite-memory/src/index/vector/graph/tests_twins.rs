//! Texts stored many times: walks get past the copies, and all of them are found.

#![allow(clippy::print_stderr, clippy::print_stdout)] // figures

use std::sync::Arc;

use fluorite_ml::vector::normalize;

use super::super::tests::{Random, Source as Rows};
use super::super::{Effort, LayeredIndex, VectorIndex, search_exact};
use super::make::Source;
use super::tests::{made, opened};
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
        let centres: Vec<Vec<f32>> = (0..texts).map(|_| self.random.vector(self.dims).iter().map(|v| v / 0.577).collect()).collect();
        for copy in 0..copies {
            for text in 0..texts {
                let vector = if spread == 0.0 { centres[text as usize].clone() } else { self.near(&centres[text as usize], spread) };
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
        let (mut hits, mut all, mut none) = (0, 0, 0);
        let mut there: RowSet = self.rows.0.keys().copied().collect();
        there.and(allowed);
        let began = std::time::Instant::now();
        let mut took = std::time::Duration::default();
        for query in queries {
            let truth = search_exact(query, 10, &there, &self.rows).unwrap();
            let start = std::time::Instant::now();
            let found = self.index.search(query, 10, allowed, Effort::default(), &self.rows).unwrap();
            took += start.elapsed();
            assert_eq!(found.len(), truth.len());
            assert!(found.iter().all(|(row, _)| there.contains(*row)));
            let least = truth.last().map_or(0.0, |t| t.1) - 1e-6;
            let good = found.iter().filter(|f| f.1 >= least).count();
            hits += good;
            all += truth.len();
            none += usize::from(good == 0);
        }
        let recall = hits as f32 / all as f32;
        eprintln!("  recall {recall:.4}, none of the ten {none} of {}, {:?} a search, all {:?}", queries.len(), took / queries.len() as u32, began.elapsed());
        recall
    }

    fn noisy(&mut self, count: usize, noise: f32) -> Vec<Vec<f32>> {
        (0..count).map(|q| self.near(&self.centres[q % self.centres.len()].clone(), noise)).collect()
    }

    fn random(&mut self, count: usize) -> Vec<Vec<f32>> {
        (0..count).map(|_| self.random.vector(self.dims)).collect()
    }
}

#[test]
#[ignore = "an experiment"]
fn explore() {
    let only = std::env::var("CASE").ok();
    for (i, (dims, texts, copies, spread, others)) in [
        (64, 300, 100, 0.0, 0),
        (64, 300, 100, 0.1, 0),
        (64, 300, 100, 0.01, 0),
        (64, 300, 100, 0.3, 0),
        (384, 300, 50, 0.1, 0),
        (64, 30, 1_000, 0.1, 0),
        (64, 1_000, 30, 0.1, 0),
        (64, 3_000, 10, 0.1, 0),
        (32, 1, 10_000, 0.0, 20_000),
        (32, 1, 10_000, 0.1, 20_000),
        (32, 1, 1, 0.1, 20_000),
    ].into_iter().enumerate() {
        if only.as_ref().is_some_and(|o| !o.split(',').any(|o| o == i.to_string())) {
            continue;
        }
        let began = std::time::Instant::now();
        let store = Store::new(11, dims);
        let store = if others > 0 { store.with_copies(others, 1, 0.0) } else { store };
        let mut store = store.with_copies(texts, copies, spread).freeze_all();
        let graph = store.index.graphs().next().unwrap().graph;
        eprintln!("{i}: {dims} dims, {texts} x {copies} spread {spread}, {others} others: walked {} of {}, entries {}, width {}, compared {}, built in {:?}",
            graph.view().len(), graph.nodes(), graph.entries(), graph.width_for(10, 0.98), graph.compared_at(graph.width_for(10, 0.98)), began.elapsed());
        let all = RowSet::below(100_000);
        let q = store.noisy(300, 0.5);
        store.recall(&q, &all);
        let q = store.random(200);
        store.recall(&q, &all);
    }
}
