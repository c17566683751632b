//! Training the learned ranking from feedback.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Query;
use super::api::one_search;
use super::guard::Guard;
use super::known::KnownItems;
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::feedback::{
    DomainTraining, DomainWeights, FeedbackEvent, Group, Judged, Pair, Part, Ranker, Retained, Taken, Tally, TrainOptions,
    TrainingExample, TrainingResult, accuracy, features_of, fit, groups, pairs_of, split,
};
use crate::options::{OneOrMany, SearchFilter, SearchOptions};

/// Hits of a query that feedback is looked for in.
const DEPTH: usize = 100;
/// Fewer pairs than these prove nothing.
const LEAST_PAIRS: usize = 10;
const LEAST_HELD_OUT: usize = 5;

/// A query and where it is put.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub namespace: &'a str,
    pub query: &'a str,
}

/// A training that goes on.
struct Course<'a> {
    options: &'a TrainOptions,
    protection: f64,
    material: BTreeMap<String, Material>,
    /// Asked for with the first domain that is applied.
    known: Option<KnownItems>,
}

/// The pairs of one domain.
#[derive(Default)]
struct Material {
    train: Vec<Pair>,
    held_out: Vec<Pair>,
    queries: u64,
    held_out_queries: u64,
    not_found: u64,
}

impl Shared {
    /// Trains every domain with new feedback, one after the other, and keeps what is better on pairs it has not seen.
    pub fn train_ranker(self: &Arc<Self>, examples: Vec<TrainingExample>, options: &TrainOptions) -> Result<TrainingResult> {
        let started = self.clock.monotonic_ms();
        let protection = options.protection()?;
        let examples = examples.into_iter().map(TrainingExample::checked).collect::<Result<Vec<_>>>()?;
        let _alone = self.feedback.training.lock();
        self.check_poison()?;
        let events = self.events()?;
        let mut result = TrainingResult { events: events.len() as u64, ..TrainingResult::default() };
        let mut ranker = Ranker::clone(&self.feedback.ranker.read());
        let all = groups(&events, &examples);
        let counts = count(&events);
        let seen = |r: &Ranker, d: &str| r.domains.get(d).map_or(0, |w| w.events).max(r.tried.get(d).copied().unwrap_or(0));
        let due: Vec<String> = all
            .keys()
            .filter(|d| {
                let fresh = counts.get(d.as_str()).copied().unwrap_or(0) > seen(&ranker, d);
                options.all == Some(true) || fresh || examples.iter().any(|x| x.domain() == *d)
            })
            .cloned()
            .collect();
        if due.is_empty() {
            return Ok(TrainingResult { duration_ms: self.since(started), ..result });
        }
        let mut material = BTreeMap::new();
        let total: u64 = all.iter().filter(|(d, _)| self.wanted(d, &due, &ranker)).map(|(_, g)| g.len() as u64).sum();
        let mut done = 0;
        for (domain, groups) in all.iter().filter(|(d, _)| self.wanted(d, &due, &ranker)) {
            let found = self.material(groups, options, &mut |n| {
                done += n;
                self.report_progress(options.on_progress.as_ref(), "train", done, Some(total), started);
            })?;
            material.insert(domain.clone(), found);
        }
        let mut course = Course { options, protection, material, known: None };
        let (mut before, mut after, mut pairs) = (0.0, 0.0, 0.0);
        for domain in &due {
            options.cancel.check()?;
            let events = counts.get(domain.as_str()).copied().unwrap_or(0);
            let one = self.train_domain(domain, events, &mut course, &mut ranker)?;
            if let (Some(b), Some(a)) = (one.accuracy_before, one.accuracy_after) {
                let n = one.held_out_pairs as f32;
                (before, after, pairs) = (before + b * n, after + if one.applied { a } else { b } * n, pairs + n);
            }
            result.applied |= one.applied;
            result.held_out_pairs += one.held_out_pairs;
            result.not_found += course.material.get(domain).map_or(0, |m| m.not_found);
            result.domains.push(one);
        }
        if pairs > 0.0 {
            (result.accuracy_before, result.accuracy_after) = (Some(before / pairs), Some(after / pairs));
        }
        ranker.save(&*self.vfs, &self.feedback_dir())?;
        *self.feedback.ranker.write() = Arc::new(ranker);
        *self.feedback.failure.lock() = None;
        result.duration_ms = self.since(started);
        Ok(result)
    }

    /// Trained now, or trained earlier and watched.
    fn wanted(&self, domain: &str, due: &[String], ranker: &Ranker) -> bool {
        due.iter().any(|d| d == domain) || ranker.domains.contains_key(domain)
    }

    #[allow(clippy::cast_sign_loss)] // clamped
    fn since(&self, started: i64) -> u64 {
        (self.clock.monotonic_ms() - started).max(0) as u64
    }

    fn train_domain(
        self: &Arc<Self>,
        domain: &str,
        events: u64,
        course: &mut Course<'_>,
        ranker: &mut Ranker,
    ) -> Result<DomainTraining> {
        let Course { options, protection, material, known } = course;
        let nothing = Material::default();
        let m = material.get(domain).unwrap_or(&nothing);
        let mut out = DomainTraining {
            domain: domain.to_owned(),
            queries: m.queries,
            pairs: m.train.len() as u64,
            held_out_queries: m.held_out_queries,
            held_out_pairs: m.held_out.len() as u64,
            ..DomainTraining::default()
        };
        if m.train.len() < LEAST_PAIRS || m.held_out.len() < LEAST_HELD_OUT {
            out.reason = Some(format!(
                "too little to learn from: {} pairs to fit (at least {LEAST_PAIRS}) and {} to measure (at least {LEAST_HELD_OUT}); \
                 give feedback with its query, on several hits of a query and on several queries",
                m.train.len(),
                m.held_out.len()
            ));
            return Ok(out);
        }
        let found = fit(&m.train, &ranker.shared, &ranker.anchors(domain), *protection);
        let was = ranker.weights(Some(domain)).cloned().unwrap_or_default();
        let (before, after) = (accuracy(&m.held_out, &was), accuracy(&m.held_out, &found.weights));
        (out.accuracy_before, out.accuracy_after) = (Some(before), Some(after));
        out.applied = after > before;
        if !out.applied {
            out.reason = Some("the fitted weights are not better on the pairs held out: the old ones stay".into());
            ranker.tried.insert(domain.to_owned(), events);
            return Ok(out);
        }
        let known = match known {
            Some(known) => known,
            None => known.insert(self.known_items(options)?),
        };
        // who asks for no protection gives up the pairs of the other domains, not that chunks are found
        let sharing = ranker.sharing(domain).filter(|_| *protection > 0.0);
        let others = sharing.filter_map(|(d, _)| Some((d.as_str(), material.get(d)?.held_out.as_slice())));
        let others = others.filter(|(_, pairs)| !pairs.is_empty()).collect();
        let guard = Guard { known, others, anchors: ranker.anchors(domain), protection: *protection, cancel: &options.cancel };
        let (shared, step) = guard.step(&ranker.shared, &found, &m.train, &m.held_out);
        options.cancel.check()?;
        let others = ranker.domains.keys().filter(|d| *d != domain).filter_map(|d| Some((d, material.get(d)?)));
        out.retained = others
            .filter(|(_, m)| !m.held_out.is_empty())
            .map(|(d, m)| Retained {
                domain: d.clone(),
                accuracy_before: accuracy(&m.held_out, &ranker.shared),
                accuracy_after: accuracy(&m.held_out, &shared.weights),
            })
            .collect();
        ranker.tried.remove(domain);
        let trained = DomainWeights {
            weights: found.weights,
            fisher: shared.fisher,
            events,
            trained_at: self.clock.wall_ms(),
            accuracy: (before, after),
            shared: step.taken,
            part: (step.taken == Taken::Part).then(|| shared.weights.clone()),
        };
        ranker.shared = shared.weights;
        ranker.domains.insert(domain.to_owned(), trained);
        out.shared = Some(step);
        Ok(out)
    }

    /// Searches every query and makes the pairs. What is held out is seen by no feature: the `feedback` of a chunk comes from
    /// the other queries that are fitted.
    fn material(self: &Arc<Self>, groups: &[Group], options: &TrainOptions, searched: &mut dyn FnMut(u64)) -> Result<Material> {
        let parts = split(groups);
        let mut about: HashMap<(&str, &str), Vec<(usize, &FeedbackEvent)>> = HashMap::new();
        for (i, (group, _)) in groups.iter().zip(&parts).enumerate().filter(|(_, (_, p))| **p == Part::Train) {
            for e in &group.events {
                about.entry((&e.namespace, &e.chunk_id)).or_default().push((i, e));
            }
        }
        about.values_mut().for_each(|events| events.sort_by_key(|(_, e)| e.at));
        let mut out = Material::default();
        for (i, (group, part)) in groups.iter().zip(&parts).enumerate() {
            options.cancel.check()?;
            let tally = |namespace: &str, id: &str| {
                let others = about.get(&(namespace, id)).into_iter().flatten().filter(|(j, _)| *j != i);
                others.fold(Tally::default(), |sum, (_, e)| sum.with(e))
            };
            let asked = Asked { namespace: &group.namespace, query: &group.query };
            let hits = self.judged_hits(asked, &tally, options)?;
            let known = |id: &str| hits.iter().any(|h| h.id == id);
            out.not_found += group.said.keys().filter(|id| !known(id)).count() as u64;
            let pairs = pairs_of(group, &hits);
            if !pairs.is_empty() {
                let (queries, side) = match part {
                    Part::Train => (&mut out.queries, &mut out.train),
                    Part::HeldOut => (&mut out.held_out_queries, &mut out.held_out),
                };
                *queries += 1;
                side.extend(pairs);
            }
            searched(1);
        }
        Ok(out)
    }

    /// The hits of a query as they are without anything learned.
    pub fn judged_hits(
        self: &Arc<Self>,
        asked: Asked<'_>,
        tally: &dyn Fn(&str, &str) -> Tally,
        options: &TrainOptions,
    ) -> Result<Vec<Judged>> {
        let search = SearchOptions {
            unobserved: true,
            limit: Some(DEPTH),
            filter: Some(SearchFilter { namespace: Some(OneOrMany::One(asked.namespace.to_owned())), ..SearchFilter::default() }),
            explain: Some(true),
            learned: Some(false),
            cancel: options.cancel.clone(),
            ..SearchOptions::default()
        };
        let hits = match one_search(self, Query::Text(asked.query.to_owned()), &search) {
            Err(Error::InvalidArgument { .. }) => Vec::new(), // a query too long to search was never searched
            other => other?,
        };
        let one = |hit: crate::report::SearchHit| {
            let (parts, record) = (hit.explain?, hit.record?);
            let base = parts.iter().find(|(n, _)| *n == "rank_value")?.1;
            let mut features = Vec::new();
            let tally = tally(&hit.namespace, &hit.id);
            features_of(&parts, &record.chunk, record.usage_count, tally, &mut |n, v| features.push((n.to_owned(), v)));
            Some(Judged { id: hit.id, base, features })
        };
        Ok(hits.into_iter().filter_map(one).collect())
    }
}

fn count(events: &[Arc<FeedbackEvent>]) -> BTreeMap<&str, u64> {
    let mut out = BTreeMap::new();
    for e in events {
        *out.entry(e.domain.as_str()).or_default() += 1;
    }
    out
}
