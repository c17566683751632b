//! Known items: chunks of the store that are searched by their own headline, to judge what learned weights do to relevance.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::accuracy::headline;
use super::ranker::Asked;
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::feedback::{KnownItemRate, MOST_LEARNED, Pair, Tally, TrainOptions};

type Weights = BTreeMap<String, f32>;

/// Chunks asked for: every second one is fitted with, the others judge.
const SAMPLE: usize = 400;
/// Hits that count as found.
const TOP: usize = 10;
/// Hits that a chunk is set against, and how many deviations below it they are at least: what is as near to the headline may well
/// come first.
const AGAINST: usize = 5;
const APART: f32 = 1.0;

/// A hit without anything learned.
struct Hit {
    base: f32,
    /// Features by their number.
    features: Vec<(usize, f32)>,
}

/// The hits of one headline.
struct Item {
    /// Which of them is the chunk itself; `None`: it is not among them, whatever the weights are.
    own: Option<usize>,
    hits: Vec<Hit>,
}

/// What the headlines of a sample find; any weights can be judged by it without another search.
#[derive(Default)]
pub struct KnownItems {
    numbers: HashMap<String, usize>,
    names: Vec<String>,
    items: Vec<Item>,
}

impl KnownItems {
    /// How many judge: those that are found among the first ten with nothing learned, and for whose query there are more hits
    /// than ten. A headline that many chunks share finds none of them; of ten hits none can be lost.
    pub fn judges(&self) -> u64 {
        let plain = self.by_number(&Weights::new());
        self.items.iter().skip(1).step_by(2).filter(|item| item.tells(&plain)).count() as u64
    }

    /// Where these weights put those that judge.
    #[allow(clippy::cast_precision_loss)] // shares
    pub fn rate(&self, weights: &Weights) -> KnownItemRate {
        let weights = self.by_number(weights);
        let mut out = KnownItemRate::default();
        let plain = self.by_number(&Weights::new());
        let judges = self.items.iter().skip(1).step_by(2).filter(|item| item.tells(&plain));
        let ranks = judges.filter_map(|item| item.rank(&weights));
        for rank in ranks.filter(|rank| *rank < TOP) {
            out.hit_at_10 += 1.0;
            out.mrr += 1.0 / (rank + 1) as f32;
        }
        let all = self.judges().max(1) as f32;
        KnownItemRate { hit_at_10: out.hit_at_10 / all, mrr: out.mrr / all }
    }

    /// Pairs of those that do not judge: the chunk itself before what these weights put highest of what is clearly less like the
    /// headline. `weight`: of all of them.
    #[allow(clippy::cast_precision_loss)] // counts
    pub fn pairs(&self, weights: &Weights, weight: f32) -> Vec<Pair> {
        let (weights, plain) = (self.by_number(weights), self.by_number(&Weights::new()));
        let mut out = Vec::new();
        for item in self.items.iter().step_by(2) {
            let Some(own) = item.own.filter(|_| item.rank(&plain).is_some_and(|rank| rank < TOP)) else { continue };
            let own = &item.hits[own];
            let mut others: Vec<&Hit> = item.hits.iter().filter(|hit| hit.base + APART <= own.base).collect();
            others.sort_by(|a, b| b.value(&weights).total_cmp(&a.value(&weights)));
            out.extend(others.into_iter().take(AGAINST).map(|other| self.pair(own, other)));
        }
        let each = weight / out.len().max(1) as f32;
        out.iter_mut().for_each(|pair| pair.weight = each);
        out
    }

    fn pair(&self, better: &Hit, worse: &Hit) -> Pair {
        let mut sum: BTreeMap<&str, f32> = BTreeMap::new();
        better.features.iter().for_each(|(n, v)| *sum.entry(&self.names[*n]).or_default() += v);
        worse.features.iter().for_each(|(n, v)| *sum.entry(&self.names[*n]).or_default() -= v);
        let difference = sum.into_iter().filter(|(_, v)| *v != 0.0).map(|(n, v)| (n.to_owned(), v)).collect();
        Pair { base: better.base - worse.base, difference, weight: 1.0 }
    }

    fn by_number(&self, weights: &Weights) -> Vec<f32> {
        self.names.iter().map(|name| weights.get(name).copied().unwrap_or(0.0)).collect()
    }
}

impl Hit {
    fn value(&self, weights: &[f32]) -> f32 {
        let learned: f32 = self.features.iter().map(|(n, v)| weights[*n] * v).sum();
        self.base + learned.clamp(-MOST_LEARNED, MOST_LEARNED)
    }
}

impl Item {
    /// Whether weights can lose it.
    fn tells(&self, plain: &[f32]) -> bool {
        self.hits.len() > TOP && self.rank(plain).is_some_and(|rank| rank < TOP)
    }

    /// How many hits come before the chunk itself.
    fn rank(&self, weights: &[f32]) -> Option<usize> {
        let own = self.own?;
        let wanted = self.hits[own].value(weights);
        let before = |(i, hit): &(usize, &Hit)| hit.value(weights).total_cmp(&wanted).then(own.cmp(i)).is_gt();
        Some(self.hits.iter().enumerate().filter(before).count())
    }
}

impl Shared {
    /// Searches a sample of the store, the same as long as the store is the same, each chunk in its namespace. Cost: 400 searches.
    pub fn known_items(self: &Arc<Self>, options: &TrainOptions) -> Result<KnownItems> {
        self.expire_due();
        let rows: Vec<u32> = {
            let state = self.state.read();
            let order = |row: u32| Some((xxh3_64(&state.row(row)?.sequence.to_le_bytes()), row));
            let mut keyed: Vec<(u64, u32)> = state.live.iter().filter_map(order).collect();
            if keyed.len() > SAMPLE {
                keyed.select_nth_unstable(SAMPLE);
                keyed.truncate(SAMPLE);
            }
            keyed.sort_unstable();
            keyed.into_iter().map(|(_, row)| row).collect()
        };
        let tallies = self.tallies();
        let mut out = KnownItems::default();
        let started = self.clock.monotonic_ms();
        for (done, row) in rows.iter().enumerate() {
            options.cancel.check()?;
            let chunk = {
                let state = self.state.read();
                let Some(r) = state.row(*row).filter(|_| state.live.contains(*row)) else { continue };
                match self.load_aside(&state, r) {
                    Ok(chunk) => chunk,
                    Err(Error::Corrupt { .. }) => continue, // `verify` tells of it
                    Err(e) => return Err(e),
                }
            };
            let query = headline(&chunk);
            if !query.is_empty() {
                let asked = Asked { namespace: &chunk.namespace, query: &query };
                match out.add(self, asked, &chunk.id, &|namespace, id| tallies.read().get(namespace, id), options) {
                    Err(Error::Corrupt { .. }) => {} // one of its hits: `verify` tells of it
                    other => other?,
                }
            }
            self.report_progress(options.on_progress.as_ref(), "known_items", done as u64 + 1, Some(rows.len() as u64), started);
        }
        Ok(out)
    }
}

impl KnownItems {
    fn add(
        &mut self,
        shared: &Arc<Shared>,
        asked: Asked<'_>,
        id: &str,
        tally: &dyn Fn(&str, &str) -> Tally,
        options: &TrainOptions,
    ) -> Result<()> {
        let found = shared.judged_hits(asked, tally, options)?;
        let own = found.iter().position(|hit| hit.id == id);
        let mut hits = Vec::with_capacity(found.len());
        for hit in found {
            let mut features = Vec::with_capacity(hit.features.len());
            for (name, value) in hit.features.into_iter().filter(|(_, v)| *v != 0.0) {
                let next = self.names.len();
                let number = *self.numbers.entry(name).or_insert_with_key(|name| {
                    self.names.push(name.clone());
                    next
                });
                features.push((number, value));
            }
            hits.push(Hit { base: hit.base, features });
        }
        self.items.push(Item { own, hits });
        Ok(())
    }
}
