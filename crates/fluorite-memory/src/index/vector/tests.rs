//! The scan against the oracle.

use std::collections::HashMap;

use fluorite_ml::vector::normalize;
use proptest::prelude::*;

use super::*;
use crate::error::Error;

/// SplitMix64, for vectors that are the same in every run.
pub(super) struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// About normal: the sum of four uniforms.
    pub fn normal(&mut self) -> f32 {
        (0..4).map(|_| (self.next() >> 40) as f32 / (1 << 24) as f32 - 0.5).sum()
    }

    pub fn vector(&mut self, dims: usize) -> Vec<f32> {
        (0..dims).map(|_| self.normal()).collect()
    }
}

#[derive(Default)]
pub(super) struct Source(pub HashMap<u32, Vec<f32>>);

impl VectorSource for Source {
    fn cosine(&self, row: u32, unit: &[f32]) -> crate::Result<Option<f32>> {
        let Some(values) = self.0.get(&row) else { return Ok(None) };
        if values.len() != unit.len() {
            return Err(Error::DimensionMismatch { expected: values.len(), found: unit.len() });
        }
        Ok(Some(fluorite_ml::vector::dot_f32(unit, values)))
    }
}

/// Unit vectors around a few centres, as embeddings are.
pub(super) fn clustered(random: &mut Random, count: usize, dims: usize) -> Vec<Vec<f32>> {
    let centres: Vec<_> = (0..50).map(|_| random.vector(dims)).collect();
    (0..count)
        .map(|i| {
            let mut v: Vec<f32> = centres[i % 50].iter().map(|c| c + 0.7 * random.normal()).collect();
            assert!(normalize(&mut v));
            v
        })
        .collect()
}

fn filled(vectors: &[Vec<f32>]) -> (ExactScan, Source) {
    let mut index = ExactScan::new(vectors[0].len());
    let mut source = Source::default();
    for (row, v) in vectors.iter().enumerate() {
        index.insert(row as u32, v);
        source.0.insert(row as u32, v.clone());
    }
    (index, source)
}

#[test]
fn finds_exactly_what_the_oracle_finds() {
    let mut random = Random(1);
    let vectors = clustered(&mut random, 5_000, 384);
    let (index, source) = filled(&vectors);
    assert_eq!(index.len(), 5_000);
    assert!(index.bytes() >= 5_000 * 388 && index.bytes() < 2 * 5_000 * 388);
    let every = |n: u32| (0..5_000).filter(|row| row % n == 0).collect::<RowSet>();
    let mut allowed = vec![RowSet::below(5_000), every(3), every(7), every(100), RowSet::from_iter([17, 4_999]), RowSet::new()];
    allowed.push((4_000..4_200).collect()); // dense in one block, across two
    for q in 0..20 {
        let query: Vec<f32> = vectors[q * 249].iter().map(|v| 3.0 * (v + 0.02 * random.normal())).collect();
        for rows in &allowed {
            let found = index.search(&query, 10, rows, Effort::default(), &source).unwrap();
            assert_eq!(found, search_exact(&query, 10, rows, &source).unwrap(), "query {q}, {} rows", rows.len());
            assert_eq!(found.len(), rows.len().min(10));
        }
    }
}

/// One large value makes a code coarse: the error of a row's code goes with the row's own step.
#[test]
fn coarse_codes_lose_no_hits() {
    let mut random = Random(7);
    for kind in ["one large value each", "the same value large"] {
        let vectors: Vec<Vec<f32>> = (0..3_000)
            .map(|_| {
                let mut v: Vec<f32> = (0..384).map(|_| 0.09 * random.normal()).collect();
                let at = if kind == "the same value large" { 7 } else { (random.next() % 384) as usize };
                v[at] += if at == 7 { 4.0 } else { 3.0 };
                assert!(normalize(&mut v));
                v
            })
            .collect();
        let (index, source) = filled(&vectors);
        let (all, mut hits) = (RowSet::below(3_000), 0);
        for _ in 0..40 {
            let mut query: Vec<f32> = (0..384).map(|_| if random.next().is_multiple_of(2) { 1.0 } else { -1.0 }).collect();
            query[7] = 0.0;
            let truth = search_exact(&query, 10, &all, &source).unwrap();
            let found = index.search(&query, 10, &all, Effort::default(), &source).unwrap();
            hits += found.iter().filter(|f| truth.contains(f)).count();
        }
        assert_eq!(hits, 400, "{kind}");
    }
}

#[test]
fn forgotten_rows_are_gone_and_reused_rows_are_new() {
    let mut random = Random(2);
    let vectors = clustered(&mut random, 9_000, 16);
    let (mut index, mut source) = filled(&vectors);
    let all = RowSet::below(9_000);
    let first = |index: &ExactScan, source: &Source, v: &[f32]| index.search(v, 1, &all, Effort::default(), source).unwrap()[0].0;
    assert_eq!(first(&index, &source, &vectors[5]), 5);
    let before = index.bytes();
    index.forget(&RowSet::below(4_096));
    assert_eq!(index.len(), 9_000 - 4_096);
    assert!(index.bytes() < before && !index.has(5) && index.has(4_096));
    assert_ne!(first(&index, &source, &vectors[5]), 5);
    index.insert(5, &vectors[8_999]);
    source.0.insert(5, vectors[8_999].clone());
    assert_eq!(
        index.search(&vectors[8_999], 2, &all, Effort::default(), &source).unwrap().iter().map(|h| h.0).collect::<Vec<_>>(),
        [5, 8_999]
    );
    assert_eq!(
        index.search_exact(&vectors[5], 1, &all, &source).unwrap()[0].0,
        index.search(&vectors[5], 1, &all, Effort::default(), &source).unwrap()[0].0
    );
    source.0.remove(&5); // gone between scan and read
    assert_eq!(first(&index, &source, &vectors[8_999]), 8_999);
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    let (index, source) = filled(&clustered(&mut Random(3), 10, 8));
    let all = RowSet::below(10);
    let refused = |query: &[f32]| index.search(query, 3, &all, Effort::default(), &source).unwrap_err();
    assert!(matches!(refused(&[1.0; 7]), Error::DimensionMismatch { expected: 8, found: 7 }));
    assert!(matches!(index.search_exact(&[1.0; 7], 3, &all, &source), Err(Error::DimensionMismatch { expected: 8, found: 7 })));
    assert!(matches!(refused(&[0.0; 8]), Error::InvalidArgument { .. }));
    assert!(matches!(refused(&[f32::NAN; 8]), Error::InvalidArgument { .. }));
    assert!(matches!(search_exact(&[0.0; 8], 3, &all, &source), Err(Error::InvalidArgument { .. })));
    assert!(matches!(search_exact(&[1.0; 7], 3, &all, &source), Err(Error::DimensionMismatch { .. })));
    assert_eq!(index.search(&[1.0; 8], 0, &all, Effort::default(), &source).unwrap(), []);
}

#[test]
fn the_first_vector_may_settle_the_dimensions() {
    let (mut index, all) = (ExactScan::default(), RowSet::below(1));
    let source = Source(HashMap::from([(0, vec![0.0, 1.0])]));
    assert_eq!(index.search(&[1.0; 3], 1, &all, Effort::default(), &source).unwrap(), []);
    index.insert(0, &[0.0, 1.0]);
    assert_eq!(index.search(&[0.0, 2.0], 1, &all, Effort::default(), &source).unwrap(), [(0, 1.0)]);
    assert!(matches!(
        index.search(&[1.0; 3], 1, &all, Effort::default(), &source),
        Err(Error::DimensionMismatch { expected: 2, found: 3 })
    ));
}

proptest! {
    #[test]
    fn any_history_equals_the_oracle(
        steps in proptest::collection::vec((0u32..60, 0u8..4), 1..200),
        k in 1usize..12,
        spread in prop_oneof![Just(1u32), Just(300)],
        seed: u64,
    ) {
        let mut random = Random(seed);
        let (mut index, mut source) = (ExactScan::new(24), Source::default());
        for (row, action) in steps {
            let row = row * spread;
            if action == 0 {
                index.forget(&RowSet::from_iter([row]));
                source.0.remove(&row);
            } else if !index.has(row) {
                let mut v = random.vector(24);
                prop_assert!(normalize(&mut v));
                index.insert(row, &v);
                source.0.insert(row, v);
            }
            prop_assert_eq!(index.has(row), source.0.contains_key(&row));
        }
        prop_assert_eq!(index.len(), source.0.len());
        let query = random.vector(24);
        for allowed in [RowSet::below(60 * spread), (0..60 * spread).filter(|r| r % 7 == 0).collect()] {
            prop_assert_eq!(
                index.search(&query, k, &allowed, Effort::default(), &source).unwrap(),
                search_exact(&query, k, &allowed, &source).unwrap()
            );
        }
    }
}
