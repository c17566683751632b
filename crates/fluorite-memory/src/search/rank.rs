//! From candidates of both legs to an order.

use std::collections::HashMap;
use std::sync::Arc;

use super::around::signals_of;
use super::blend::{FEATURES, Scale, code_share, features, vector_weight};
use super::question::Question;
use super::signals::{self, COUNT, NAMES};
use super::weights::{Weights, logistic};
use crate::chunk::Chunk;
use crate::index::to_unit;

/// Candidates that are read and judged by their signals.
pub const DEPTH: usize = 100;
/// Candidates that say whether code is searched.
const SAMPLE: usize = 20;

/// A chunk that a leg found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Who it is to the caller.
    pub row: u32,
    /// Cosine, negative as 0; `None` without a vector.
    pub similarity: Option<f32>,
    /// Raw BM25; 0 without a word of the query.
    pub lexical: f32,
}

/// A chunk as ranking reads it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The chunk.
    pub chunk: Arc<Chunk>,
    /// How often it was read.
    pub usage: u32,
    /// Whole days since its last update.
    pub age_days: i64,
}

/// What each leg found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Legs {
    /// Cosines, best first; `None` when vectors were not asked.
    pub vector: Option<Vec<f32>>,
    /// Raw BM25, best first.
    pub lexical: Vec<f32>,
    /// What no raw score exceeds for this query.
    pub best_possible: f32,
}

/// A candidate in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The candidate.
    pub candidate: Candidate,
    /// 0 to 1, rising with the rank value: a rough probability that it is relevant.
    pub score: f32,
    /// Components, when asked for.
    pub explain: Vec<(&'static str, f32)>,
}

/// Orders candidates, best first; ties to the lower row.
///
/// `load`: the chunk of a row, `None` when it cannot be read (then its scores alone count). Cost: reads the best 100 candidates, about 1 us each beside that.
pub fn rank(
    question: &Question,
    candidates: Vec<Candidate>,
    legs: &Legs,
    weights: &Weights,
    explain: bool,
    mut load: impl FnMut(u32) -> Option<Judged>,
) -> Vec<Ranked> {
    let by_vector = Scale::of(legs.vector.as_deref().unwrap_or_default(), false);
    let by_words = Scale::of(&legs.lexical, true);
    let mut loaded: HashMap<u32, Option<Judged>> = HashMap::new();
    let standard = |c: &Candidate| (c.similarity.map(|s| by_vector.standard(s)), by_words.standard(c.lexical));
    let mut judged_by = [0.0; FEATURES.len()];
    let share = match legs.vector {
        None => 0.0,
        Some(_) => {
            let even = |c: &Candidate| standard(c).0.unwrap_or_default() + standard(c).1;
            let mut best: Vec<(f32, u32)> = candidates.iter().map(|c| (even(c), c.row)).collect();
            best.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            best.truncate(SAMPLE);
            let mut shares = Vec::with_capacity(SAMPLE);
            for (_, row) in best {
                let judged = loaded.entry(row).or_insert_with(|| load(row));
                shares.extend(judged.as_ref().map(|j| code_share(&j.chunk.content)));
            }
            let code = shares.iter().sum::<f32>() / shares.len().max(1) as f32;
            judged_by = features(question, &by_vector, &by_words, legs.best_possible, code);
            vector_weight(&judged_by, &by_vector, &by_words, &weights.blend)
        }
    };
    let blended = |c: &Candidate| match standard(c) {
        // a chunk whose vector is still to come is judged by its words alone
        (None, words) => words,
        (Some(near), words) => share * near + (1.0 - share) * words,
    };
    let mut ranked: Vec<(f32, Candidate)> = candidates.iter().map(|c| (blended(c), *c)).collect();
    sort(&mut ranked);
    let best = &ranked[..ranked.len().min(DEPTH)];
    for (_, c) in best {
        loaded.entry(c.row).or_insert_with(|| load(c.row));
    }
    let judged: Vec<Option<&Judged>> = best.iter().map(|(_, c)| loaded.get(&c.row).and_then(Option::as_ref)).collect();
    let signals = signals_of(question, best, &judged);
    let factors = signals::weights(&weights.signals);
    let top_words = to_unit(legs.lexical.first().copied().unwrap_or(0.0));
    let log_odds = weights.score.base + weights.score.lexical_score * top_words;
    let mut out: Vec<(f32, Candidate)> = ranked.clone();
    let mut parts: HashMap<u32, [f32; COUNT]> = HashMap::new();
    for (i, (value, c)) in out.iter_mut().enumerate().take(signals.len()) {
        let added: [f32; COUNT] = std::array::from_fn(|s| signals[i][s] * factors[s]);
        *value += added.iter().sum::<f32>();
        if explain {
            parts.insert(c.row, added);
        }
    }
    sort(&mut out);
    let scored = out.into_iter().map(|(value, candidate)| {
        let mut said = Vec::new();
        if explain {
            let (near, words) = standard(&candidate);
            let share = if near.is_none() { 0.0 } else { share };
            said.extend([("vector_weight", share), ("lexical_weight", 1.0 - share)]);
            said.extend(near.map(|n| ("vector_deviations", n)));
            said.push(("lexical_deviations", words));
            if let Some(added) = parts.get(&candidate.row) {
                said.extend(NAMES.into_iter().zip(*added).filter(|(_, v)| *v != 0.0));
            }
            said.extend(FEATURES.into_iter().zip(judged_by).filter(|(_, v)| *v != 0.0));
            said.push(("rank_value", value));
        }
        Ranked { candidate, score: logistic(log_odds + weights.score.rank * value), explain: said }
    });
    scored.collect()
}

fn sort(ranked: &mut [(f32, Candidate)]) {
    ranked.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.row.cmp(&y.row)));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::signals::tests::chunk;
    use super::*;
    use crate::ChunkType;

    fn candidates(scores: &[(f32, f32)]) -> Vec<Candidate> {
        let one = |(i, (s, l)): (usize, &(f32, f32))| Candidate { row: i as u32, similarity: Some(*s), lexical: *l };
        scores.iter().enumerate().map(one).collect()
    }

    fn order(question: &str, scores: &[(f32, f32)], chunks: &[Chunk]) -> Vec<u32> {
        let sorted = |mut v: Vec<f32>| {
            v.sort_by(|a, b| b.total_cmp(a));
            v
        };
        let legs = Legs {
            vector: Some(sorted(scores.iter().map(|s| s.0).collect())),
            lexical: sorted(scores.iter().map(|s| s.1).filter(|l| *l > 0.0).collect()),
            best_possible: 30.0,
        };
        let load = |row: u32| Some(Judged { chunk: Arc::new(chunks.get(row as usize)?.clone()), usage: 0, age_days: 0 });
        let ranked = rank(&Question::new(question, &[]), candidates(scores), &legs, Weights::bundled(), true, load);
        assert!(ranked.is_sorted_by(|a, b| a.score >= b.score));
        assert!(ranked.iter().all(|r| (0.0..=1.0).contains(&r.score) && !r.explain.is_empty()));
        ranked.into_iter().map(|r| r.candidate.row).collect()
    }

    fn plain(n: usize, source: impl Fn(usize) -> Option<&'static str>, metadata: impl Fn(usize) -> Value) -> Vec<Chunk> {
        (0..n).map(|i| chunk("some text", source(i), metadata(i))).collect()
    }

    #[test]
    fn the_better_of_both_legs_comes_first() {
        let scores = [(0.2, 1.0), (0.9, 9.0), (0.5, 2.0), (0.1, 0.0)];
        assert_eq!(order("a question", &scores, &plain(4, |_| None, |_| json!({})))[0], 1);
    }

    #[test]
    fn tests_come_behind_what_they_test() {
        let scores = [(0.50, 5.0), (0.49, 5.0), (0.2, 1.0), (0.1, 1.0)];
        let chunks = plain(4, |i| [Some("tests/login.ts"), Some("src/login.ts"), Some("a"), Some("b")][i], |_| json!({}));
        assert_eq!(order("login form", &scores, &chunks)[..2], [1, 0]);
        assert_eq!(order("login form tests", &scores, &chunks)[..2], [0, 1]);
    }

    #[test]
    fn several_hits_of_a_file_lift_it() {
        let scores = [(0.60, 5.0), (0.59, 5.0), (0.58, 5.0), (0.1, 0.0), (0.1, 0.0)];
        let chunks = plain(5, |i| [Some("one"), Some("two"), Some("two"), Some("x"), Some("y")][i], |_| json!({}));
        assert_eq!(order("where is it", &scores, &chunks)[0], 1);
    }

    #[test]
    fn neighbours_of_a_dialogue_lift_each_other() {
        const TURNS: [u32; 5] = [10, 40, 41, 70, 90];
        let scores = [(0.60, 5.0), (0.59, 5.0), (0.58, 5.0), (0.1, 0.0), (0.1, 0.0)];
        let mut chunks = plain(5, |_| None, |i| json!({ "session_id": "s", "turn": TURNS[i] }));
        assert_eq!(order("where is it", &scores, &chunks)[0], 0);
        chunks.iter_mut().for_each(|c| c.attributes.chunk_type = ChunkType::Conversation);
        assert_eq!(order("where is it", &scores, &chunks)[0], 1);
    }

    #[test]
    fn chunks_without_a_vector_or_that_cannot_be_read_are_still_ranked() {
        let c = |row, similarity, lexical| Candidate { row, similarity, lexical };
        let all = vec![c(0, None, 9.0), c(1, Some(0.5), 0.0), c(2, Some(0.1), 1.0)];
        let legs = Legs { vector: Some(vec![0.5, 0.1]), lexical: vec![9.0, 1.0], best_possible: 30.0 };
        let ranked = rank(&Question::new("x", &[]), all, &legs, Weights::bundled(), false, |_| None);
        assert_eq!(ranked.len(), 3);
        assert_eq!(ranked[0].candidate.row, 0);
        assert!(ranked[0].explain.is_empty());
        assert_eq!(rank(&Question::new("", &[]), vec![], &Legs::default(), Weights::bundled(), false, |_| None), []);
    }
}
