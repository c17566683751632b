//! From feedback about hits of one query to pairs of chunks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::event::{FeedbackEvent, FeedbackKind, TrainingExample};

/// Two levels closer than this are the same.
const APART: f32 = 0.2;
/// A chunk of this level was good.
const GOOD: f32 = 0.6;
/// Unjudged hits above a good one that count as passed over, and what such a pair weighs.
const PASSED: usize = 5;
const PASSED_WEIGHT: f32 = 0.5;
/// Pairs of one query at most: one busy query must not outvote the others.
const MOST_PAIRS: usize = 64;
/// Queries of a domain that are trained on at most, the latest first.
const MOST_GROUPS: usize = 2_000;
/// Of so many queries one is held out.
const HELD_OUT: usize = 4;

/// What was said about the hits of one query.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Namespace searched.
    pub namespace: String,
    /// The query as it was first put.
    pub query: String,
    /// Sum of levels and number of events, by chunk.
    pub said: BTreeMap<String, (f32, u32)>,
    /// Pairs given as examples.
    pub given: Vec<(String, String)>,
    /// The events of this query.
    pub events: Vec<Arc<FeedbackEvent>>,
}

/// By namespace and query: when it was last spoken of, and what was said.
type ByQuery<'a> = HashMap<(&'a str, String), (i64, Group)>;

/// Which side of the split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Fitted.
    Train,
    /// Measured.
    HeldOut,
}

/// A hit as the pairs see it: its rank value without anything learned, and its features.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Id.
    pub id: String,
    /// Rank value by the bundled weights.
    pub base: f32,
    /// Features, `feedback` included.
    pub features: Vec<(String, f32)>,
}

/// The better hit less the worse.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Of the rank values.
    pub base: f32,
    /// Of the features, without zeros, by name.
    pub difference: Vec<(String, f32)>,
    /// How much it counts.
    pub weight: f32,
}

impl Pair {
    /// The rank value of the better less that of the worse under these weights: right when above 0.
    #[must_use]
    pub fn margin(&self, weights: &BTreeMap<String, f32>) -> f32 {
        self.base + self.difference.iter().map(|(n, v)| weights.get(n).copied().unwrap_or(0.0) * v).sum::<f32>()
    }
}

/// Share of pairs in the right order, by weight; a tie counts half.
#[must_use]
pub fn accuracy(pairs: &[Pair], weights: &BTreeMap<String, f32>) -> f32 {
    let right = |p: &Pair| match p.margin(weights) {
        m if m > 0.0 => p.weight,
        0.0 => p.weight * 0.5,
        _ => 0.0,
    };
    pairs.iter().map(right).sum::<f32>() / pairs.iter().map(|p| p.weight).sum::<f32>().max(f32::MIN_POSITIVE)
}

/// Queries with feedback by domain, the latest 2,000 of each, in order of their normal form.
#[must_use]
pub fn groups(events: &[Arc<FeedbackEvent>], examples: &[TrainingExample]) -> BTreeMap<String, Vec<Group>> {
    let mut found: BTreeMap<&str, ByQuery<'_>> = BTreeMap::new();
    let fresh =
        |namespace: &str, query: &str| Group { namespace: namespace.to_owned(), query: query.to_owned(), ..Group::default() };
    for e in events {
        let Some(query) = &e.query else { continue };
        let of_domain = found.entry(&e.domain).or_default();
        let (at, group) = of_domain.entry((&e.namespace, normal(query))).or_insert_with(|| (e.at, fresh(&e.namespace, query)));
        *at = e.at;
        let said = group.said.entry(e.chunk_id.clone()).or_default();
        if e.kind == FeedbackKind::Correction {
            *said = (0.0, 0); // what was said before was about the wrong text
        }
        *said = (said.0 + e.level(), said.1 + 1);
        group.events.push(Arc::clone(e));
    }
    for x in examples {
        let of_domain = found.entry(x.domain()).or_default();
        let (at, group) =
            of_domain.entry((x.namespace(), normal(&x.query))).or_insert_with(|| (i64::MAX, fresh(x.namespace(), &x.query)));
        *at = i64::MAX;
        group.given.push((x.preferred.clone(), x.rejected.clone()));
    }
    let ordered = |all: ByQuery<'_>| {
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by(|(a, (x, _)), (b, (y, _))| y.cmp(x).then(a.cmp(b)));
        all.truncate(MOST_GROUPS);
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all.into_iter().map(|(_, (_, group))| group).collect()
    };
    found.into_iter().map(|(domain, all)| (domain.to_owned(), ordered(all))).collect()
}

/// Every fourth query, in an order that its text decides, is held out: the same queries each time.
#[must_use]
pub fn split(groups: &[Group]) -> Vec<Part> {
    let hash = |g: &Group| xxhash_rust::xxh3::xxh3_64(format!("{}\0{}", g.namespace, normal(&g.query)).as_bytes());
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|i| hash(&groups[*i]));
    let mut parts = vec![Part::Train; groups.len()];
    for (place, i) in order.into_iter().enumerate() {
        if place % HELD_OUT == HELD_OUT - 1 {
            parts[i] = Part::HeldOut;
        }
    }
    parts
}

/// The pairs of one query. `hits`: its hits by the bundled weights, best first. Chunks that are not among them give none.
#[must_use]
pub fn pairs_of(group: &Group, hits: &[Judged]) -> Vec<Pair> {
    let at: HashMap<&str, usize> = hits.iter().enumerate().map(|(i, h)| (h.id.as_str(), i)).collect();
    #[allow(clippy::cast_precision_loss)] // counts
    let judged: Vec<(usize, f32)> =
        group.said.iter().filter_map(|(id, (sum, n))| Some((*at.get(id.as_str())?, sum / *n as f32))).collect();
    let mut pairs = Vec::new();
    for (better, high) in &judged {
        let mut against = 0;
        for (worse, low) in judged.iter().filter(|(_, low)| high - low >= APART) {
            pairs.push(pair(&hits[*better], &hits[*worse], high - low));
            against += 1;
        }
        if against == 0 && *high >= GOOD {
            // nothing was called worse: what stood above it and was left alone was passed over
            let passed = (0..*better).filter(|i| judged.iter().all(|(j, _)| j != i)).take(PASSED);
            pairs.extend(passed.map(|i| pair(&hits[*better], &hits[i], PASSED_WEIGHT)));
        }
    }
    for (better, worse) in &group.given {
        if let (Some(b), Some(w)) = (at.get(better.as_str()), at.get(worse.as_str())) {
            pairs.push(pair(&hits[*b], &hits[*w], 1.0));
        }
    }
    pairs.truncate(MOST_PAIRS);
    pairs
}

fn pair(better: &Judged, worse: &Judged, weight: f32) -> Pair {
    let mut sum: BTreeMap<&str, f32> = BTreeMap::new();
    better.features.iter().for_each(|(n, v)| *sum.entry(n).or_default() += v);
    worse.features.iter().for_each(|(n, v)| *sum.entry(n).or_default() -= v);
    let difference = sum.into_iter().filter(|(_, v)| *v != 0.0).map(|(n, v)| (n.to_owned(), v)).collect();
    Pair { base: better.base - worse.base, difference, weight }
}

/// Lowercased, white space as single blanks.
fn normal(query: &str) -> String {
    query.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(query: &str, id: &str, kind: FeedbackKind) -> Arc<FeedbackEvent> {
        let (namespace, domain) = ("default".to_owned(), "general".to_owned());
        let (query, chunk_id) = (Some(query.to_owned()), id.to_owned());
        Arc::new(FeedbackEvent { at: 1, kind, namespace, chunk_id, version: 1, domain, query, rating: None, comment: None })
    }

    fn hits(ids: &[&str]) -> Vec<Judged> {
        let one =
            |(i, id): (usize, &&str)| Judged { id: (*id).to_owned(), base: -(i as f32), features: vec![("x".into(), i as f32)] };
        ids.iter().enumerate().map(one).collect()
    }

    #[test]
    fn better_is_set_against_worse() {
        let events = [event("A  b", "low", FeedbackKind::Success), event("a B", "top", FeedbackKind::Failure)];
        let groups = &groups(&events, &[])["general"];
        assert_eq!(groups.len(), 1);
        let pairs = pairs_of(&groups[0], &hits(&["top", "mid", "low"]));
        assert_eq!(pairs, [Pair { base: -2.0, difference: vec![("x".into(), 2.0)], weight: 1.0 }]);
    }

    #[test]
    fn a_used_hit_is_set_against_those_passed_over() {
        let groups = &groups(&[event("q", "low", FeedbackKind::Usage)], &[])["general"];
        let pairs = pairs_of(&groups[0], &hits(&["top", "mid", "low", "below"]));
        assert_eq!(pairs.iter().map(|p| p.base).collect::<Vec<_>>(), [-2.0, -1.0]);
    }

    #[test]
    fn a_correction_ends_what_was_said_before() {
        let said = [("a", FeedbackKind::Failure), ("a", FeedbackKind::Correction), ("b", FeedbackKind::Failure)];
        let groups = &groups(&said.map(|(id, kind)| event("q", id, kind)), &[])["general"];
        assert_eq!(pairs_of(&groups[0], &hits(&["a", "b"])).len(), 1);
    }

    #[test]
    fn a_fourth_is_held_out_and_always_the_same() {
        let events: Vec<_> = (0..40).map(|i| event(&format!("q{i}"), "a", FeedbackKind::Usage)).collect();
        let groups = &groups(&events, &[])["general"];
        let parts = split(groups);
        assert_eq!(parts.iter().filter(|p| **p == Part::HeldOut).count(), 10);
        assert_eq!(parts, split(groups));
    }
}
