//! Fitting weights to pairs: logistic regression over differences, with a prior around 0 and the anchors of other domains.

use std::collections::BTreeMap;

use super::pairs::Pair;

/// Strength of the prior: a weight of 1 costs as much as half a unit of log-likelihood.
const PRIOR: f64 = 1.0;
const MOST_STEPS: usize = 300;
/// A step that gains less than this share ends the fit.
const ENOUGH: f64 = 1e-7;
/// Features that are fitted at most, the most frequent first.
const MOST_FEATURES: usize = 4_096;

/// What another domain holds on to: its weights, and how much each of them matters to it.
#[derive(Debug, Clone, Copy)]
pub struct Anchor<'a> {
    /// Weights behind its training.
    pub weights: &'a BTreeMap<String, f32>,
    /// Fisher information.
    pub fisher: &'a BTreeMap<String, f32>,
}

/// Fitted weights; those of features that no pair has are as they were.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fit {
    /// All weights.
    pub weights: BTreeMap<String, f32>,
    /// Fisher information of the pairs at these weights, diagonal, summed over pairs.
    pub fisher: BTreeMap<String, f32>,
}

/// One feature's share of the problem.
struct Feature {
    name: String,
    /// Pull of the anchors, already times the protection: strength, and strength x place.
    hold: f64,
    pulled: f64,
    /// What its weight is within.
    bounds: (f64, f64),
}

/// Minimises the loss of the pairs from `start` on. Deterministic. Cost: linear in the pairs' features, at most 300 times.
#[must_use]
pub fn fit(pairs: &[Pair], start: &BTreeMap<String, f32>, anchors: &[Anchor<'_>], protection: f64) -> Fit {
    fit_within(pairs, start, anchors, protection, &[])
}

/// A feature, and the least and the most its weight may be.
pub type Bound = (&'static str, f64, f64);

/// The same with weights within bounds.
#[must_use]
pub fn fit_within(
    pairs: &[Pair],
    start: &BTreeMap<String, f32>,
    anchors: &[Anchor<'_>],
    protection: f64,
    bounds: &[Bound],
) -> Fit {
    let mut features = features(pairs, anchors, protection);
    for f in &mut features {
        f.bounds = bounds.iter().find(|(name, ..)| *name == f.name).map_or(f.bounds, |(_, least, most)| (*least, *most));
    }
    let index: BTreeMap<&str, usize> = features.iter().enumerate().map(|(i, f)| (f.name.as_str(), i)).collect();
    let rows: Vec<Vec<(usize, f64)>> = pairs
        .iter()
        .map(|p| p.difference.iter().filter_map(|(n, v)| Some((*index.get(n.as_str())?, f64::from(*v)))).collect())
        .collect();
    // what the pairs' other features (beyond the most frequent) say stays in the offset
    let offsets: Vec<f64> = pairs.iter().map(|p| f64::from(p.base)).collect();
    let problem = Problem { pairs, rows, offsets, features: &features };
    let mut at: Vec<f64> =
        features.iter().map(|f| start.get(&f.name).map_or(0.0, |w| f64::from(*w)).clamp(f.bounds.0, f.bounds.1)).collect();
    problem.minimise(&mut at);
    let (_, _, information) = problem.slope(&at);
    let mut weights = start.clone();
    let mut fisher = BTreeMap::new();
    for ((f, w), i) in features.iter().zip(&at).zip(information) {
        #[allow(clippy::cast_possible_truncation)] // weights are small
        if w.abs() > 1e-6 {
            weights.insert(f.name.clone(), *w as f32);
            fisher.insert(f.name.clone(), i as f32);
        } else {
            weights.remove(&f.name);
            fisher.insert(f.name.clone(), i as f32);
        }
    }
    Fit { weights, fisher }
}

/// Fisher information of pairs at weights, diagonal, summed over pairs: how much each weight matters to their order.
#[must_use]
pub fn information(pairs: &[Pair], weights: &BTreeMap<String, f32>) -> BTreeMap<String, f32> {
    let mut out: BTreeMap<String, f32> = BTreeMap::new();
    for pair in pairs {
        let wrong = 1.0 / (1.0 + pair.margin(weights).exp());
        for (name, v) in &pair.difference {
            *out.entry(name.clone()).or_default() += pair.weight * wrong * (1.0 - wrong) * v * v;
        }
    }
    out
}

fn features(pairs: &[Pair], anchors: &[Anchor<'_>], protection: f64) -> Vec<Feature> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in pairs.iter().flat_map(|p| &p.difference) {
        *counts.entry(name).or_default() += 1;
    }
    let mut by_count: Vec<(&str, usize)> = counts.into_iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    by_count.truncate(MOST_FEATURES);
    let one = |(name, _): (&str, usize)| {
        let (mut hold, mut pulled) = (0.0, 0.0);
        for a in anchors {
            let f = a.fisher.get(name).map_or(0.0, |f| f64::from(*f)) * protection;
            hold += f;
            pulled += f * a.weights.get(name).map_or(0.0, |w| f64::from(*w));
        }
        Feature { name: name.to_owned(), hold, pulled, bounds: (f64::NEG_INFINITY, f64::INFINITY) }
    };
    by_count.into_iter().map(one).collect()
}

struct Problem<'a> {
    pairs: &'a [Pair],
    rows: Vec<Vec<(usize, f64)>>,
    offsets: Vec<f64>,
    features: &'a [Feature],
}

impl Problem<'_> {
    fn margin(&self, i: usize, at: &[f64]) -> f64 {
        self.offsets[i] + self.rows[i].iter().map(|(f, v)| at[*f] * v).sum::<f64>()
    }

    fn loss(&self, at: &[f64]) -> f64 {
        let of_pairs: f64 = (0..self.rows.len()).map(|i| f64::from(self.pairs[i].weight) * softplus(-self.margin(i, at))).sum();
        let held = self.features.iter().zip(at).map(|(f, w)| 0.5 * (PRIOR + f.hold) * w * w - f.pulled * w);
        of_pairs + held.sum::<f64>()
    }

    /// Gradient, curvature (diagonal), and the part of the curvature that the pairs alone give.
    fn slope(&self, at: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let mut gradient: Vec<f64> = self.features.iter().zip(at).map(|(f, w)| (PRIOR + f.hold) * w - f.pulled).collect();
        let mut information = vec![0.0; at.len()];
        for i in 0..self.rows.len() {
            let weight = f64::from(self.pairs[i].weight);
            let wrong = 1.0 / (1.0 + self.margin(i, at).exp());
            for (f, v) in &self.rows[i] {
                gradient[*f] -= weight * wrong * v;
                information[*f] += weight * wrong * (1.0 - wrong) * v * v;
            }
        }
        let curvature = information.iter().zip(self.features).map(|(i, f)| i + PRIOR + f.hold).collect();
        (gradient, curvature, information)
    }

    /// Descends along the gradient divided by the curvature, halving steps that do not help.
    fn minimise(&self, at: &mut Vec<f64>) {
        let mut loss = self.loss(at);
        let mut length = 1.0;
        for _ in 0..MOST_STEPS {
            let (gradient, curvature, _) = self.slope(at);
            let direction: Vec<f64> = gradient.iter().zip(&curvature).map(|(g, c)| g / c).collect();
            let mut better = None;
            while length > 1e-6 {
                let step = |((w, d), f): ((&f64, &f64), &Feature)| (w - length * d).clamp(f.bounds.0, f.bounds.1);
                let next: Vec<f64> = at.iter().zip(&direction).zip(self.features).map(step).collect();
                let expected: f64 = gradient.iter().zip(at.iter().zip(&next)).map(|(g, (w, n))| g * (w - n)).sum();
                let found = self.loss(&next);
                if found <= loss - 1e-4 * expected {
                    better = Some((next, found));
                    break;
                }
                length *= 0.5;
            }
            let Some((next, found)) = better else { return };
            let gained = loss - found;
            (*at, loss) = (next, found);
            length = (length * 2.0).min(1.0);
            if gained <= ENOUGH * loss.abs() {
                return;
            }
        }
    }
}

fn softplus(x: f64) -> f64 {
    if x > 30.0 { x } else { x.exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(base: f32, difference: &[(&str, f32)]) -> Pair {
        Pair { base, difference: difference.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect(), weight: 1.0 }
    }

    #[test]
    fn what_pairs_prefer_gets_weight() {
        let pairs: Vec<Pair> = (0..50).map(|i| pair(-0.5, &[("a", 1.0), ("b", if i % 2 == 0 { 1.0 } else { -1.0 })])).collect();
        let found = fit(&pairs, &BTreeMap::new(), &[], 0.0);
        assert!(found.weights["a"] > 1.5 && found.weights.get("b").is_none_or(|b| b.abs() < 0.05), "{found:?}");
        assert!(found.fisher["a"] > 0.0);
        assert_eq!(fit(&pairs, &BTreeMap::new(), &[], 0.0), found);
    }

    #[test]
    fn the_slope_is_that_of_the_loss() {
        let pairs = [pair(0.3, &[("a", 1.0), ("b", 0.5)]), pair(-1.0, &[("b", -2.0)])];
        let (held, information) = (BTreeMap::from([("b".to_owned(), 0.7)]), BTreeMap::from([("b".to_owned(), 2.0)]));
        let features = features(&pairs, &[Anchor { weights: &held, fisher: &information }], 3.0);
        let index = |n: &str| features.iter().position(|f| f.name == n).unwrap();
        let rows = pairs.iter().map(|p| p.difference.iter().map(|(n, v)| (index(n), f64::from(*v))).collect()).collect();
        let problem = Problem { pairs: &pairs, rows, offsets: vec![0.3, -1.0], features: &features };
        let at = [0.4, -0.2];
        let (gradient, ..) = problem.slope(&at);
        for i in 0..2 {
            let mut up = at;
            up[i] += 1e-6;
            let mut down = at;
            down[i] -= 1e-6;
            assert!((gradient[i] - (problem.loss(&up) - problem.loss(&down)) / 2e-6).abs() < 1e-4);
        }
    }

    #[test]
    fn what_is_bounded_stays_below_and_the_others_make_up_for_it() {
        let pairs: Vec<Pair> = (0..50).map(|_| pair(-0.5, &[("a", 1.0), ("b", 1.0)])).collect();
        let start = BTreeMap::from([("a".to_owned(), 1.0)]);
        let (free, held) =
            (fit(&pairs, &start, &[], 0.0), fit_within(&pairs, &start, &[], 0.0, &[("a", f64::NEG_INFINITY, 0.0)]));
        assert!(free.weights["a"] > 1.0, "{free:?}");
        assert!(!held.weights.contains_key("a") && held.weights["b"] > free.weights["b"] + 0.5, "{held:?}");
    }

    #[test]
    fn anchors_hold_what_matters_elsewhere() {
        let pairs: Vec<Pair> = (0..50).map(|_| pair(0.0, &[("old", -1.0), ("new", 1.0)])).collect();
        let start = BTreeMap::from([("old".to_owned(), 2.0), ("other".to_owned(), 1.0)]);
        let information = BTreeMap::from([("old".to_owned(), 20.0)]);
        let free = fit(&pairs, &start, &[], 10.0);
        let held = fit(&pairs, &start, &[Anchor { weights: &start, fisher: &information }], 10.0);
        assert!(free.weights.get("old").is_none_or(|w| *w < 0.0) && held.weights["old"] > 1.9, "{free:?} {held:?}");
        assert!(held.weights["new"] > 1.0);
        assert_eq!((free.weights["other"], held.weights["other"]), (1.0, 1.0));
    }
}
