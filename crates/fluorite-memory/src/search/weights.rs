//! The weights of the linear model: data, so that they can be read, replaced and learned.

use std::sync::LazyLock;

use serde::Deserialize;

static BUNDLED: LazyLock<Weights> = LazyLock::new(|| serde_json::from_str(include_str!("weights.json")).unwrap_or_default());

/// All weights of ranking; the bundled ones are in `weights.json`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// How much the vector leg counts: a logistic model over what the query and both legs give away.
    pub blend: Blend,
    /// What each signal adds to the blended score, in its standard deviations.
    pub signals: Signals,
    /// From a rank value to a score.
    pub score: Score,
}

/// Log-odds of the vector leg's weight.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blend {
    /// With all features 0.
    pub base: f32,
    /// Per share by which the tenth lexical hit is below the best: words that single out a few chunks.
    pub lexical_gap: f32,
    /// Per share of the highest BM25 possible that the best hit reaches: how much of the query its words cover.
    pub lexical_coverage: f32,
    /// Per unit of cosine between the best vector hit and the tenth.
    pub vector_gap: f32,
    /// Per unit of cosine of the standard deviation of the hundred best vector hits.
    pub vector_deviation: f32,
    /// Per share of code punctuation in the candidates: prose and code share few words.
    pub code: f32,
    /// When the query names somebody or something (a capital inside): models know few names.
    pub names: f32,
    /// When the query looks like an identifier.
    pub symbol_like: f32,
    /// Per `ln(1 + n)` of the query's `n` distinct terms: longer queries give words more to hold on to.
    pub terms: f32,
    /// When it was translated by the lexicon.
    pub translated: f32,
}

/// Weights of signals, each from 0 to about 1 unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    /// The chunk defines an identifier of the query.
    pub definition: f32,
    /// Share of the query's terms in the file's name.
    pub file_stem: f32,
    /// Share of the query's terms in the path.
    pub path: f32,
    /// Other candidates of the same file, by their blended scores.
    pub same_file: f32,
    /// Test, example, vendored, generated or legacy path that was not asked for, or tagged `generated`.
    pub low_priority: f32,
    /// Neighbouring turns of a dialogue, by their blended scores (up to 3).
    pub neighbours: f32,
    /// The best other turn of the session, by its blended score.
    pub session: f32,
    /// `quality_score` less one half (-.5 to .5).
    pub quality: f32,
    /// `1 / (1 + days / 30)` since the last update, in whole days.
    pub recency: f32,
    /// `ln(1 + usage_count)`.
    pub usage: f32,
    /// Pinned.
    pub pinned: f32,
}

/// Log-odds of relevance.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Per unit of rank value.
    pub rank: f32,
    /// Per unit of the query's best `lexical_score`.
    pub lexical_score: f32,
    /// With all features 0.
    pub base: f32,
}

impl Weights {
    /// Those that ship.
    #[must_use]
    pub fn bundled() -> &'static Self {
        &BUNDLED
    }
}

/// `1 / (1 + e^-x)`.
pub(super) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_weights_parse() {
        let parsed: Weights = serde_json::from_str(include_str!("weights.json")).unwrap();
        assert_eq!(&parsed, Weights::bundled());
        assert_ne!(parsed, Weights::default());
    }
}
