//! Vectors around a few centres, as embeddings are, and a store of them with what it must answer.

use std::collections::{BTreeMap, HashSet};

use fluorite_memory::{
    CancelToken, ChunkInput, Durability, Engine, OneOrMany, Query, SearchFilter, SearchHit, SearchOptions, SetFilter,
    VectorIndexStats, WriteOptions,
};

use super::chunk;
use super::dice::Dice;

/// Makes vectors.
#[derive(Debug, Clone)]
pub struct Vectors {
    dice: Dice,
    centres: Vec<Vec<f32>>,
}

impl Vectors {
    pub fn new(seed: u64, dims: usize) -> Self {
        let mut dice = Dice::new(seed);
        let centres = (0..40).map(|_| (0..dims).map(|_| normal(&mut dice)).collect()).collect();
        Self { dice, centres }
    }

    pub fn next(&mut self) -> Vec<f32> {
        let centre = self.dice.below(self.centres.len() as u64) as usize;
        self.centres[centre].iter().map(|c| c + 0.7 * normal(&mut self.dice)).collect()
    }
}

/// About normal: the sum of four uniforms.
fn normal(dice: &mut Dice) -> f32 {
    (0..4).map(|_| (dice.next() >> 40) as f32 / (1 << 24) as f32 - 0.5).sum()
}

/// Ids and similarities alone.
pub fn bare() -> SearchOptions {
    SearchOptions { fields: Some(Vec::new()), ..SearchOptions::default() }
}

pub fn tagged(tag: &str) -> SearchFilter {
    SearchFilter { tags: Some(SetFilter { any: Some(vec![tag.into()]), ..SetFilter::default() }), ..SearchFilter::default() }
}

pub fn in_namespace(name: &str) -> SearchFilter {
    SearchFilter { namespace: Some(OneOrMany::One(name.into())), ..SearchFilter::default() }
}

/// Chunks with vectors, and those that were.
pub struct Model {
    pub vectors: Vectors,
    pub live: BTreeMap<String, Vec<f32>>,
    /// Vectors of deleted and overwritten versions.
    pub dead: Vec<(String, Vec<f32>)>,
}

impl Model {
    pub fn new(seed: u64, dims: usize) -> Self {
        Self { vectors: Vectors::new(seed, dims), live: BTreeMap::new(), dead: Vec::new() }
    }

    /// A chunk with a new vector. Every 2nd, 10th, 100th and 1,000th number is tagged.
    pub fn input(&mut self, number: usize) -> ChunkInput {
        let id = format!("c{number}");
        let vector = self.vectors.next();
        let mut input = chunk(&id, &format!("chunk {number}"));
        input.tags =
            Some([2, 10, 100, 1_000].into_iter().filter(|n| number.is_multiple_of(*n)).map(|n| format!("of{n}")).collect());
        input.embedding = Some(vector.clone());
        if let Some(old) = self.live.insert(id.clone(), vector) {
            self.dead.push((id, old));
        }
        input
    }

    /// Stores or overwrites these numbers.
    pub fn put(&mut self, engine: &Engine, numbers: impl IntoIterator<Item = usize>) {
        let inputs: Vec<ChunkInput> = numbers.into_iter().map(|n| self.input(n)).collect();
        for part in inputs.chunks(500) {
            let o = WriteOptions { durability: Some(Durability::Buffered), ..WriteOptions::default() };
            engine.store(part.to_vec(), o).wait().unwrap();
        }
    }

    pub fn delete(&mut self, engine: &Engine, numbers: impl IntoIterator<Item = usize>) {
        for id in numbers.into_iter().map(|n| format!("c{n}")) {
            assert!(engine.delete("default", &id).wait().unwrap());
            self.dead.push((id.clone(), self.live.remove(&id).unwrap()));
        }
    }

    /// Every chunk is the first hit of its own vector, with a cosine of 1.
    pub fn own_vectors_find(&self, engine: &Engine, when: &str) {
        let o = || SearchOptions { limit: Some(1), ..bare() };
        let queries = self.live.values().map(|v| Query::Vector(v.clone())).collect();
        let hits = engine.search_many(queries, o()).wait().unwrap();
        let lost: Vec<&String> = self
            .live
            .keys()
            .zip(&hits)
            .filter(|(id, hits)| hits.first().is_none_or(|h| h.id != **id || h.similarity.unwrap() < 0.999_99))
            .map(|(id, _)| id)
            .collect();
        assert!(
            lost.is_empty(),
            "{when}: {} of {} are not found by their own vectors: {:?}",
            lost.len(),
            self.live.len(),
            lost.iter().take(9).collect::<Vec<_>>()
        );
        assert_eq!(hits.len(), self.live.len());
    }

    /// No version that was deleted or overwritten is found by its vector.
    pub fn dead_ones_stay_dead(&self, engine: &Engine, when: &str) {
        let queries = self.dead.iter().map(|(_, v)| Query::Vector(v.clone())).collect();
        let all = engine.search_many(queries, bare()).wait().unwrap();
        for ((id, _), hits) in self.dead.iter().zip(all) {
            for h in hits {
                assert!(self.live.contains_key(&h.id), "{when}: {} is back", h.id);
                assert!(h.similarity.unwrap() < 0.999_99, "{when}: the old vector of {id} finds {h:?}");
            }
        }
    }

    /// Recall of ten against `exact: true`, over held-out queries, without a filter and with ever narrower ones.
    pub fn recall(&mut self, engine: &Engine, when: &str, queries: usize, floor: f32) {
        for tag in [None, Some("of2"), Some("of10"), Some("of100"), Some("of1000")] {
            let filter = tag.map(tagged);
            let (mut hits, mut all) = (0, 0);
            for _ in 0..queries {
                let query = self.vectors.next();
                let ask = |exact| {
                    let o = SearchOptions { filter: filter.clone(), exact: Some(exact), ..bare() };
                    let hits = engine.search(Query::Vector(query.clone()), o).wait().unwrap();
                    hits.into_iter().map(|h: SearchHit| (h.id, h.similarity.unwrap().to_bits())).collect::<Vec<_>>()
                };
                let (found, truth) = (ask(false), ask(true));
                assert_eq!(found.len(), truth.len(), "{when}, {tag:?}");
                assert!(found.iter().all(|(id, _)| self.live.contains_key(id)));
                let truth: HashSet<_> = truth.into_iter().collect();
                hits += found.iter().filter(|h| truth.contains(*h)).count();
                all += truth.len();
            }
            let recall = hits as f32 / all.max(1) as f32;
            eprintln!("{when}: recall@10 {recall} {}", tag.unwrap_or("of all"));
            assert!(all == 0 || recall >= floor, "{when}, {tag:?}: {recall}");
        }
    }
}

/// Runs what waits; only with the inline stepper.
pub fn settle(engine: &Engine) {
    while engine.step() {}
}

/// `optimize` with the inline stepper: vectors in the graph it built.
pub fn optimize(engine: &Engine) -> u64 {
    settle(engine);
    let done = engine.optimize(CancelToken::default(), None);
    settle(engine);
    done.wait().unwrap().vectors_indexed
}

pub fn index(engine: &Engine) -> VectorIndexStats {
    engine.stats().wait().unwrap().vector_index
}

/// The vector of a content: a direction of its own.
pub fn vector_of(content: &str) -> Vec<f32> {
    let seed = content.bytes().fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let mut dice = Dice::new(seed);
    (0..16).map(|_| normal(&mut dice)).collect()
}

/// Every one of these chunks is the first hit of its content's vector, with a cosine of 1.
pub fn own_contents_find<'a>(engine: &Engine, found: impl Iterator<Item = (&'a String, &'a String)>) -> Result<(), String> {
    let (ids, queries): (Vec<_>, Vec<_>) = found.map(|(id, content)| (id, Query::Vector(vector_of(content)))).unzip();
    let options = SearchOptions { limit: Some(1), ..bare() };
    let all = engine.search_many(queries, options).wait().map_err(|e| format!("search: {e}"))?;
    for (id, hits) in ids.iter().zip(all) {
        if hits.first().is_none_or(|h| h.id != **id || h.similarity.unwrap_or(0.0) < 0.999_99) {
            return Err(format!("the vector of {id} finds {:?}", hits.first().map(|h| (&h.id, h.similarity))));
        }
    }
    Ok(())
}
