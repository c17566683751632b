//! How far the weights of searches without a domain follow what a domain taught: not where others find less by it.

use std::collections::BTreeMap;

use super::known::KnownItems;
use crate::cancel::CancelToken;
use crate::feedback::{Anchor, Bound, Fit, Pair, SharedTraining, Taken, accuracy, fit_within, information};
use crate::mutants::mutant;

/// What may be lost: known items within the first ten and their mean reciprocal rank against the bundled weights, held-out pairs
/// of another domain against the weights before. In which order the first ten are is what a preference may decide, within bounds.
const LESS_FOUND: f32 = 0.02;
const LESS_FIRST: f32 = 0.25;
const LESS_RIGHT: f32 = 0.02;
/// How much known items count in a fit with them, against the domain's pairs.
const STRENGTHS: [f32; 5] = [WEAK, 0.3, 1.0, 4.0, 16.0];
const WEAK: f32 = 0.1;
/// Shares of the step that are tried when no such fit will do.
const SHARES: [f32; 3] = [0.5, 0.25, 0.125];
/// What a fit with known items must not do: turn up the signals of relevance until the bound of what is learned leaves room for
/// nothing else, or rank down what was called good.
const BOUNDS: [Bound; 3] = [
    ("signal:vector_deviations", f64::NEG_INFINITY, 0.0),
    ("signal:lexical_deviations", f64::NEG_INFINITY, 0.0),
    ("feedback", 0.0, f64::INFINITY),
];

type Weights = BTreeMap<String, f32>;

/// What is asked of the shared weights.
pub struct Guard<'a> {
    pub known: &'a KnownItems,
    /// Held-out pairs of other domains whose teaching the shared weights have.
    pub others: Vec<(&'a str, &'a [Pair])>,
    /// What the others hold on to.
    pub anchors: Vec<Anchor<'a>>,
    pub protection: f64,
    /// Ends the trying: the caller looks at it again.
    pub cancel: &'a CancelToken,
}

impl Guard<'_> {
    /// The shared weights behind the training of a domain: those fitted to its pairs where nobody loses by them, else those fitted
    /// to its pairs and to known items together, else those on the way to the former, else the `old` ones. With their Fisher information, and what is told of it.
    pub fn step(&self, old: &Weights, fitted: &Fit, train: &[Pair], held_out: &[Pair]) -> (Fit, SharedTraining) {
        let (bundled, before) = (self.known.rate(&Weights::new()), self.known.rate(old));
        let known_items = self.known.judges();
        let mut told =
            SharedTraining { taken: Taken::All, reason: None, known_items, bundled, before, kept: before, rejected: None };
        let Some(why) = self.objection(old, &fitted.weights, &told).filter(|_| !mutant!("shared_weights_unguarded")) else {
            told.kept = self.known.rate(&fitted.weights);
            return (fitted.clone(), told);
        };
        told.rejected = Some(self.known.rate(&fitted.weights));
        let weight: f32 = train.iter().map(|p| p.weight).sum();
        let with_known = |strength: f32| -> Vec<Pair> {
            train.iter().cloned().chain(self.known.pairs(&fitted.weights, weight * strength)).collect()
        };
        let good = |weights: &Weights| {
            accuracy(held_out, weights) > accuracy(held_out, old) && self.objection(old, weights, &told).is_none()
        };
        let tempered = |strength: &f32| {
            if self.cancel.is_cancelled() {
                return None;
            }
            let pairs = with_known(*strength);
            let weights = fit_within(&pairs, old, &self.anchors, self.protection, &BOUNDS).weights;
            good(&weights).then(|| {
                // that chunks are found is held on to as well; what it takes more to outweigh, a later domain may take back
                let fisher = if *strength <= WEAK { information(&pairs, &weights) } else { Weights::new() };
                Fit { weights, fisher }
            })
        };
        let nearer = |share: &f32| {
            let weights = between(old, &fitted.weights, *share);
            good(&weights).then(|| Fit { weights, ..Fit::default() })
        };
        let part = STRENGTHS.iter().find_map(tempered).or_else(|| SHARES.iter().find_map(nearer));
        let (found, taken, so) = match part {
            Some(found) => (found, Taken::Part, "take the part of it by which no more is lost than may be"),
            None => (Fit { weights: old.clone(), ..Fit::default() }, Taken::None, "are ranked as before"),
        };
        told.kept = self.known.rate(&found.weights);
        told.reason = Some(format!("searches without a domain {so}: with all of it, {why}"));
        told.taken = taken;
        (found, told)
    }

    /// Who loses by weights, and how much.
    fn objection(&self, old: &Weights, new: &Weights, told: &SharedTraining) -> Option<String> {
        let (bundled, before, after) = (told.bundled.hit_at_10, told.before.hit_at_10, self.known.rate(new).hit_at_10);
        // what was lost already is no reason against weights that find no less than the old ones
        if after + LESS_FOUND < bundled && after < before {
            return Some(format!(
                "{:.1} % of {} chunks would be among the first ten for their own headline, and are {:.1} % without anything learned",
                after * 100.0,
                told.known_items,
                bundled * 100.0
            ));
        }
        let (bundled, before, after) = (told.bundled.mrr, told.before.mrr, self.known.rate(new).mrr);
        if after + LESS_FIRST < bundled && after < before {
            return Some(format!(
                "{} chunks would come {after:.2} high for their own headline (mean reciprocal rank), and come {bundled:.2} without anything learned",
                told.known_items
            ));
        }
        self.others.iter().find_map(|(domain, pairs)| {
            let (before, after) = (accuracy(pairs, old), accuracy(pairs, new));
            (after + LESS_RIGHT < before).then(|| {
                let (before, after) = (before * 100.0, after * 100.0);
                format!("{after:.1} % of the held-out pairs of {domain:?} would be in the right order, and are {before:.1} %")
            })
        })
    }
}

/// The weights this share of the way from `old` to `new`.
fn between(old: &Weights, new: &Weights, share: f32) -> Weights {
    let of = |weights: &Weights, name: &String| weights.get(name).copied().unwrap_or(0.0);
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    names.map(|name| (name.clone(), of(old, name) + share * (of(new, name) - of(old, name)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(difference: &[(&str, f32)]) -> Pair {
        Pair { base: -0.5, difference: difference.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect(), weight: 1.0 }
    }

    #[test]
    fn another_domain_does_not_lose() {
        let known = KnownItems::default();
        let cancel = CancelToken::default();
        let guard = |others| Guard { known: &known, others, anchors: Vec::new(), protection: 10.0, cancel: &cancel };
        // `other` is right while b is below .5: a part of the step will do where a pair needs b above .125, none where it needs .5
        let (other, old) = ([pair(&[("a", 1.0), ("b", -1.0)])], Weights::from([("a".to_owned(), 1.0)]));
        for (needs, taken) in [(4.0, Taken::Part), (1.0, Taken::None)] {
            let own = vec![pair(&[("b", needs)]); 9];
            let fitted = fit_within(&own, &old, &[], 0.0, &[]);
            let (after, told) = guard(vec![("other", &other[..])]).step(&old, &fitted, &own, &own);
            assert_eq!(told.taken, taken, "{told:?}");
            assert_eq!(after.weights == old, taken == Taken::None, "{:?}", after.weights);
            assert_eq!(accuracy(&other, &after.weights), 1.0);
            assert!(told.reason.as_ref().is_some_and(|r| r.contains("\"other\" would be in the right order")), "{told:?}");
        }
        let own = vec![pair(&[("b", 4.0)]); 9];
        let fitted = fit_within(&own, &old, &[], 0.0, &[]);
        let (after, told) = guard(Vec::new()).step(&old, &fitted, &own, &own);
        assert_eq!((told.taken, told.reason, after), (Taken::All, None, fitted));
    }
}
