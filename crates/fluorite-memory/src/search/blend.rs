//! Two legs' scores on one scale, and how much each counts for this query.

use super::question::Question;
use super::weights::{Blend, logistic};

/// Hits of a leg that its scale is taken from.
pub(super) const SCALE: usize = 100;
/// Medians over the development questions, whose vector legs all have a hundred hits: what few hits are taken towards.
const TYPICAL_GAP: f32 = 0.1;
const TYPICAL_DEVIATION: f32 = 0.045;
/// Deviations below the mean that a leg can say at most: words absent are no proof.
const FLOOR: f32 = -2.0;

/// A leg's scale: scores become deviations from the mean of its best hundred.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Scale {
    mean: f32,
    deviation: f32,
    best: f32,
    tenth: f32,
    /// Scores there were.
    pub(super) count: usize,
}

impl Scale {
    /// Of scores, best first. `padded`: what is missing to a hundred counts as 0 (a chunk without the words scores 0 by words).
    pub(super) fn of(scores: &[f32], padded: bool) -> Self {
        let scores = &scores[..scores.len().min(SCALE)];
        let n = if padded { SCALE } else { scores.len().max(1) } as f32;
        let mean = scores.iter().sum::<f32>() / n;
        let absent = if padded { (SCALE - scores.len()) as f32 * mean * mean } else { 0.0 };
        let variance = (scores.iter().map(|s| (s - mean) * (s - mean)).sum::<f32>() + absent) / n;
        let last = if padded { 0.0 } else { scores.last().copied().unwrap_or(0.0) };
        let at = |i: usize| scores.get(i).copied().unwrap_or(last);
        Self { mean, deviation: variance.sqrt(), best: at(0), tenth: at(9), count: scores.len() }
    }

    /// A score in deviations.
    pub(super) fn standard(&self, score: f32) -> f32 {
        ((score - self.mean) / (self.deviation + 1e-6)).max(FLOOR)
    }

    /// How far the tenth is below the best.
    fn gap(&self) -> f32 {
        self.best - self.tenth
    }
}

/// What a leg of so many hits says of itself. The whole of a small store is spread wider than the best hundred of a large one, and
/// says nothing by it: the fewer there are, the nearer to what is usual.
fn believed(value: f32, usual: f32, count: usize) -> f32 {
    usual + (value - usual) * (count as f32 / SCALE as f32).min(1.0)
}

/// Names of what the vector leg's weight depends on, as `explain` shows them.
pub(super) const FEATURES: [&str; 9] = [
    "lexical_gap",
    "lexical_coverage",
    "vector_gap",
    "vector_deviation",
    "query_terms",
    "query_translated",
    "code_share",
    "query_names",
    "query_symbol_like",
];

/// Their values. `best_possible`: what the text leg's scores stay below; `code`: the share of code punctuation in the best
/// candidates.
pub(super) fn features(question: &Question, vector: &Scale, lexical: &Scale, best_possible: f32, code: f32) -> [f32; 9] {
    let flag = |on: bool| f32::from(u8::from(on));
    [
        if lexical.best > 0.0 { lexical.gap() / lexical.best } else { 0.0 },
        (lexical.best / best_possible.max(1e-6)).min(1.0),
        believed(vector.gap(), TYPICAL_GAP, vector.count),
        believed(vector.deviation, TYPICAL_DEVIATION, vector.count),
        (question.length as f32).ln_1p(),
        flag(question.translated),
        code,
        flag(question.names),
        flag(question.symbol_like),
    ]
}

/// The vector leg's weight, 0 to 1; a leg that found nothing has none.
pub(super) fn vector_weight(features: &[f32; 9], vector: &Scale, lexical: &Scale, w: &Blend) -> f32 {
    match (vector.count, lexical.count) {
        (0, _) => return 0.0,
        (_, 0) => return 1.0,
        _ => {}
    }
    let factors = [
        w.lexical_gap,
        w.lexical_coverage,
        w.vector_gap,
        w.vector_deviation,
        w.terms,
        w.translated,
        w.code,
        w.names,
        w.symbol_like,
    ];
    logistic(w.base + features.iter().zip(factors).map(|(f, w)| f * w).sum::<f32>())
}

/// Characters that code has and prose has not, per byte.
pub(super) fn code_share(text: &[u8]) -> f32 {
    let text = &text[..text.len().min(2_000)];
    let marks =
        text.iter().filter(|b| matches!(b, b'{' | b'}' | b'(' | b')' | b';' | b'=' | b'<' | b'>' | b'[' | b']' | b'_')).count();
    let paths = text.windows(2).filter(|w| *w == b"::").count();
    (marks + paths) as f32 / text.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::super::Weights;
    use super::*;

    #[test]
    fn scales_are_means_and_deviations() {
        let s = Scale::of(&[3.0, 1.0], false);
        assert_eq!((s.mean, s.deviation, s.best, s.tenth, s.count), (2.0, 1.0, 3.0, 1.0, 2));
        assert!((s.standard(3.0) - 1.0).abs() < 1e-5);
        assert_eq!(s.standard(-100.0), FLOOR);
        let padded = Scale::of(&[10.0], true);
        assert!((padded.mean - 0.1).abs() < 1e-6 && padded.standard(10.0) > 9.0);
        assert_eq!(Scale::of(&[], true).standard(0.0), 0.0);
        assert_eq!(Scale::of(&[5.0; 40], false).standard(5.0), 0.0);
    }

    #[test]
    fn who_knows_more_counts_more() {
        let w = &Weights::bundled().blend;
        let flat = Scale::of(&[0.5; 20], false);
        let steep = Scale::of(&[0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], false);
        let words = Scale::of(&[10.0; 50], true);
        let singled = Scale::of(&[30.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0], true);
        let [prose, symbol, name] =
            ["how to retry a request", "retry_request a request", "did Mel retry a request"].map(|q| Question::new(q, &[]));
        let none = Scale::default();
        let of = |q, v, l, code| vector_weight(&features(q, v, l, 60.0, code), v, l, w);
        assert!(of(&prose, &steep, &words, 0.0) > of(&prose, &flat, &words, 0.0));
        assert!(of(&prose, &flat, &words, 0.0) > of(&prose, &flat, &singled, 0.0));
        assert!(of(&prose, &flat, &words, 0.1) > of(&prose, &flat, &words, 0.0));
        assert_ne!(of(&symbol, &flat, &words, 0.0), of(&prose, &flat, &words, 0.0));
        assert!(of(&name, &flat, &words, 0.0) < of(&prose, &flat, &words, 0.0));
        assert_eq!(of(&prose, &flat, &none, 0.0), 1.0);
        assert_eq!(of(&prose, &none, &words, 0.0), 0.0);
    }

    #[test]
    fn the_spread_of_a_handful_says_little() {
        let w = &Weights::bundled().blend;
        let handful = Scale::of(&[0.6, 0.3, 0.2, 0.1, 0.0], false);
        let word = Scale::of(&[1.4], true);
        let weight = vector_weight(&features(&Question::new("key", &[]), &handful, &word, 2.4, 0.0), &handful, &word, w);
        assert!(weight < 0.5, "{weight}: the only chunk with the word");
        assert_eq!(word.gap(), 1.4, "the tenth of one hit is none");
        assert!((believed(0.2, 0.1, 100) - 0.2).abs() < 1e-6 && (believed(0.2, 0.1, 5) - 0.105).abs() < 1e-6);
    }

    #[test]
    fn code_has_more_marks_than_prose() {
        assert!(code_share(b"fn a() -> Vec<u8> { b::c(d[0]) }") > 0.2);
        assert!(code_share(b"A sentence, as people write them (mostly).") < 0.06);
        assert_eq!(code_share(b""), 0.0);
    }
}
