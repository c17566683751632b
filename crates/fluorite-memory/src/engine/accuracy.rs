//! How well searches find what belongs together, measured on the store's own chunks. `docs/metrics.md` defines the figures.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Query;
use super::api::one_search;
use super::shared::Shared;
use crate::chunk::{Attributes, Chunk};
use crate::error::{Error, Result};
use crate::metrics::{Accuracy, MetricsOptions};
use crate::options::{OneOrMany, SearchFilter, SearchMode, SearchOptions};

/// Hits that are looked at.
const TOP: usize = 10;
/// Chunks of a sample, when the caller does not say, and at most.
const SAMPLE: usize = 200;
const MOST_SAMPLE: usize = 10_000;
/// Bytes of a headline.
const HEADLINE: usize = 200;

/// Chunks by namespace, and by namespace and label.
#[derive(Default)]
struct Labels {
    namespaces: HashMap<String, u64>,
    holders: HashMap<(String, String), u64>,
}

impl MetricsOptions {
    /// The sample's size in its range.
    pub(super) fn sample(&self) -> Result<usize> {
        let sample = self.sample.unwrap_or(SAMPLE);
        if (1..=MOST_SAMPLE).contains(&sample) {
            return Ok(sample);
        }
        Err(Error::argument(format!("sample must be 1 to {MOST_SAMPLE}; it is {sample}")))
    }
}

/// What a chunk is labelled with: its frameworks and tags, whatever their case. `generated` says how it was made, not what it is.
fn labels(chunk: &Chunk) -> impl Iterator<Item = String> {
    let a = &chunk.attributes;
    let frameworks = a.frameworks.iter().map(|f| format!("f:{}", f.to_lowercase()));
    let tags = a.tags.iter().map(|t| t.to_lowercase()).filter(|t| t != "generated").map(|t| format!("t:{t}"));
    frameworks.chain(tags)
}

/// What a chunk is asked for by: its title, description or name, else the first sentence of its text.
pub(super) fn headline(chunk: &Chunk) -> String {
    let named = ["title", "description", "name"].into_iter().find_map(|key| {
        let text = chunk.attributes.metadata.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    });
    let text = named.unwrap_or_else(|| {
        let text = chunk.text();
        let line = text.lines().map(str::trim).find(|l| l.chars().any(char::is_alphanumeric)).unwrap_or_default();
        let end = line.find(". ").map_or(line.len(), |at| at + 1);
        line[..end].to_owned()
    });
    text[..text.floor_char_boundary(HEADLINE)].to_owned()
}

impl Labels {
    fn count(&mut self, chunk: &Chunk) {
        *self.namespaces.entry(chunk.namespace.clone()).or_default() += 1;
        let mut own: Vec<String> = labels(chunk).collect();
        own.sort_unstable();
        own.dedup();
        for label in own {
            *self.holders.entry((chunk.namespace.clone(), label)).or_default() += 1;
        }
    }

    /// The label that fewest chunks share, of those that another one has too; the first by name of equals. With the number of others.
    fn rarest(&self, chunk: &Chunk) -> Option<(String, u64)> {
        let known = labels(chunk).filter_map(|label| {
            let holders = *self.holders.get(&(chunk.namespace.clone(), label.clone()))?;
            (holders >= 2).then_some((holders - 1, label))
        });
        known.min().map(|(others, label)| (label, others))
    }

    /// How likely one of 10 other chunks drawn at random has the label.
    #[allow(clippy::cast_precision_loss)] // a probability
    fn chance(&self, chunk: &Chunk, others: u64) -> f64 {
        let all = self.namespaces.get(&chunk.namespace).map_or(0, |n| n - 1);
        let draws = all.min(TOP as u64);
        let without = (0..draws).map(|i| all.saturating_sub(others + i) as f64 / (all - i) as f64).product::<f64>();
        1.0 - without
    }
}

impl Shared {
    /// Searches for each chunk of a sample by its headline.
    #[allow(clippy::cast_precision_loss)] // shares
    pub fn measure_accuracy(self: &Arc<Self>, options: &MetricsOptions, sample: usize) -> Result<Accuracy> {
        let started = self.clock.monotonic_ms();
        let seed = options.seed.unwrap_or(0);
        let filter = options.filter.clone().unwrap_or_default();
        let mode = self.text_mode(None)?;
        let (chunks, labels) = self.sampled(options, &filter, sample, seed)?;
        let mut out = Accuracy {
            sampled: chunks.len() as u64,
            seed,
            mode: if mode == SearchMode::Hybrid { "hybrid" } else { "lexical" },
            measured_at: self.clock.wall_ms(),
            ..Accuracy::default()
        };
        let searching = self.clock.monotonic_ms();
        for (i, (query, chunk)) in chunks.into_iter().enumerate() {
            options.cancel.check()?;
            let search = SearchOptions {
                limit: Some(TOP + 1),
                filter: Some(SearchFilter { namespace: Some(OneOrMany::One(chunk.namespace.clone())), ..filter.clone() }),
                cancel: options.cancel.clone(),
                unobserved: true,
                ..SearchOptions::default()
            };
            let hits = if query.is_empty() { Vec::new() } else { one_search(self, Query::Text(query), &search)? };
            let own = hits.iter().position(|h| h.id == chunk.id && h.namespace == chunk.namespace);
            if let Some(rank) = own.filter(|rank| *rank < TOP) {
                out.known_item_hit_at_10 += 1.0;
                out.known_item_mrr += 1.0 / (rank + 1) as f64;
            }
            if let Some((label, others)) = labels.rarest(&chunk) {
                let rest = hits.iter().enumerate().filter(|(at, _)| Some(*at) != own).take(TOP);
                let mut found = rest.filter_map(|(_, h)| h.record.as_ref());
                out.measured += 1;
                out.hit_at_10 += f64::from(u8::from(found.any(|r| self::labels(&r.chunk).any(|l| l == label))));
                out.chance += labels.chance(&chunk, others);
            }
            self.report_progress(options.on_progress.as_ref(), "accuracy", i as u64 + 1, Some(out.sampled), searching);
        }
        let share = |sum: f64, of: u64| if of == 0 { 0.0 } else { sum / of as f64 };
        out.hit_at_10 = share(out.hit_at_10, out.measured);
        out.chance = share(out.chance, out.measured);
        out.known_item_hit_at_10 = share(out.known_item_hit_at_10, out.sampled);
        out.known_item_mrr = share(out.known_item_mrr, out.sampled);
        out.duration_ms = u64::try_from(self.clock.monotonic_ms() - started).unwrap_or(0);
        Ok(out)
    }

    /// The sample, and the labels of all chunks that match. Chosen by the hash of namespace and id, so that the same store gives
    /// the same sample wherever its chunks lie.
    fn sampled(
        &self,
        options: &MetricsOptions,
        filter: &SearchFilter,
        sample: usize,
        seed: u64,
    ) -> Result<(Vec<(String, Chunk)>, Labels)> {
        self.ensure_loaded()?;
        self.expire_due();
        let rows: Vec<u32> = {
            let state = self.state.read();
            self.select(&state, filter)?.iter().collect()
        };
        let started = self.clock.monotonic_ms();
        let mut labels = Labels::default();
        let (mut chosen, mut last): (Vec<(u64, String, Chunk)>, u64) = (Vec::new(), u64::MAX);
        let total = Some(rows.len() as u64);
        for (n, part) in rows.chunks(1_024).enumerate() {
            options.cancel.check()?;
            let state = self.state.read(); // taken again and again: counting must not hold up writes
            for r in part.iter().filter(|row| state.live.contains(**row)).filter_map(|row| state.row(*row)) {
                let chunk = match self.load_aside(&state, r) {
                    Ok(chunk) => chunk,
                    Err(Error::Corrupt { .. }) => continue, // `verify` tells of it
                    Err(e) => return Err(e),
                };
                labels.count(&chunk);
                let name = format!("{}\0{}", chunk.namespace, chunk.id);
                let order = xxh3_64_with_seed(name.as_bytes(), seed);
                if order <= last {
                    chosen.push((order, headline(&chunk), bare(&chunk)));
                }
            }
            if chosen.len() > 4 * sample.max(1_024) {
                chosen.sort_by_key(|(order, ..)| *order);
                chosen.truncate(sample);
                last = chosen.last().map_or(u64::MAX, |(order, ..)| *order);
            }
            let done = (n * 1_024 + part.len()) as u64;
            self.report_progress(options.on_progress.as_ref(), "labels", done, total, started);
        }
        chosen.sort_by_key(|(order, ..)| *order);
        chosen.truncate(sample);
        Ok((chosen.into_iter().map(|(_, query, chunk)| (query, chunk)).collect(), labels))
    }
}

/// A chunk without what may be large: its labels and names.
fn bare(chunk: &Chunk) -> Chunk {
    let a = &chunk.attributes;
    let attributes = Attributes { frameworks: a.frameworks.clone(), tags: a.tags.clone(), ..Attributes::default() };
    let (id, namespace) = (chunk.id.clone(), chunk.namespace.clone());
    let Chunk { created_at, updated_at, expires_at, version, content_hash, sequence, .. } = *chunk;
    Chunk { id, namespace, content: Vec::new(), attributes, created_at, updated_at, expires_at, version, content_hash, sequence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_that_of_drawing_ten() {
        let chunk = |ns: &str| Chunk {
            id: String::new(),
            namespace: ns.into(),
            content: Vec::new(),
            attributes: Attributes::default(),
            created_at: 0,
            updated_at: 0,
            expires_at: None,
            version: 1,
            content_hash: 0,
            sequence: 0,
        };
        let namespaces = [("many", 101), ("few", 6), ("two", 2)].map(|(n, count)| (n.to_owned(), count)).into();
        let labels = Labels { namespaces, ..Labels::default() };
        // one of 100 others: 10 draws find it with probability 10 / 100
        assert!((labels.chance(&chunk("many"), 1) - 0.1).abs() < 1e-9);
        // two of 100: 1 - (98 choose 10) / (100 choose 10)
        assert!((labels.chance(&chunk("many"), 2) - (1.0 - 90.0 * 89.0 / (100.0 * 99.0))).abs() < 1e-9);
        assert!((labels.chance(&chunk("few"), 1) - 1.0).abs() < 1e-9, "all are drawn");
        assert!((labels.chance(&chunk("two"), 1) - 1.0).abs() < 1e-9);
    }
}
