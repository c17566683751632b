//! The learned weights, and `feedback/weights` where they are kept.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::features::features_of;
use super::fit::Anchor;
use super::report::Taken;
use super::tally::Tallies;
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::search::Ranked;
use crate::vfs::{Vfs, read_checked, replace};

const MAGIC: &[u8; 8] = b"FLUOWGT1";
const VERSION: u32 = 1;
const NAME: &str = "weights";
/// What one hit can gain or lose at most, in rank values: learned weights never bury the query itself.
pub const MOST_LEARNED: f32 = 6.0;

/// What one domain learned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DomainWeights {
    /// Weights behind its last training: the ranking of searches that name this domain.
    pub weights: BTreeMap<String, f32>,
    /// Fisher information of each of its weights that the shared ones took, summed over pairs: what is large here is protected.
    pub fisher: BTreeMap<String, f32>,
    /// Events of the domain its last training has seen.
    pub events: u64,
    /// Milliseconds since the epoch of that training.
    pub trained_at: i64,
    /// Share of held-out pairs in the right order, before and after.
    pub accuracy: (f32, f32),
    /// How much of it the shared weights took: they do not hold on to the rest. All of what was trained before this was asked.
    #[serde(default)]
    pub shared: Taken,
    /// The shared weights behind its training, when they took a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<BTreeMap<String, f32>>,
}

/// All learned weights. Empty: searches are ranked by the bundled weights alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranker {
    /// Weights of searches that name no domain: what all domains taught, as far as the others find no less by it.
    pub shared: BTreeMap<String, f32>,
    /// By domain.
    pub domains: BTreeMap<String, DomainWeights>,
    /// Events seen by a training that was not better, by domain: the next call need not repeat it.
    #[serde(default)]
    pub tried: BTreeMap<String, u64>,
}

/// A row's chunk and reads.
pub type Seen = HashMap<u32, (Arc<Chunk>, u32)>;

impl Ranker {
    /// Reads it; the empty one when there is none.
    pub fn load(vfs: &dyn Vfs, dir: &Path) -> Result<Self> {
        let Some(body) = read_checked(vfs, dir, NAME, MAGIC, VERSION)? else { return Ok(Self::default()) };
        let ranker: Self = serde_json::from_slice(&body).map_err(|e| Error::Corrupt {
            path: dir.join(NAME),
            offset: 20,
            what: format!("the weights do not parse: {e}"),
        })?;
        let maps = ranker.domains.values().flat_map(|d| [&d.weights, &d.fisher].into_iter().chain(&d.part));
        let all = maps.chain([&ranker.shared]).flat_map(BTreeMap::values);
        if all.into_iter().all(|w| w.is_finite()) {
            return Ok(ranker);
        }
        Err(Error::Corrupt { path: dir.join(NAME), offset: 20, what: "a weight is no number".into() })
    }

    /// Replaces the file atomically.
    pub fn save(&self, vfs: &dyn Vfs, dir: &Path) -> Result<()> {
        vfs.create_dir_all(dir).map_err(|e| Error::io("cannot create", dir, &e))?;
        let body = serde_json::to_vec(self).map_err(|e| Error::internal(e.to_string()))?;
        replace(vfs, dir, NAME, MAGIC, VERSION, &body)
    }

    /// The weights for a search of this domain, when there are any.
    #[must_use]
    pub fn weights(&self, domain: Option<&str>) -> Option<&BTreeMap<String, f32>> {
        let known = domain.and_then(|d| self.domains.get(d)).map(|d| &d.weights);
        Some(known.unwrap_or(&self.shared)).filter(|w| !w.is_empty())
    }

    /// What the other domains hold on to: nothing of theirs that the shared weights did not take.
    #[must_use]
    pub fn anchors(&self, but: &str) -> Vec<Anchor<'_>> {
        self.sharing(but).map(|(_, d)| Anchor { weights: d.part.as_ref().unwrap_or(&d.weights), fisher: &d.fisher }).collect()
    }

    /// The other domains whose training the shared weights took.
    pub fn sharing(&self, but: &str) -> impl Iterator<Item = (&String, &DomainWeights)> {
        self.domains.iter().filter(move |(name, d)| *name != but && d.shared != Taken::None)
    }
}

/// The value of features under weights, bounded.
fn value(weights: &BTreeMap<String, f32>, parts: &[(&'static str, f32)], chunk: &Chunk, usage: u32, tallies: &Tallies) -> f32 {
    let mut sum = 0.0;
    let tally = tallies.get(&chunk.namespace, &chunk.id);
    features_of(parts, chunk, usage, tally, &mut |name, v| sum += weights.get(name).copied().unwrap_or(0.0) * v);
    sum.clamp(-MOST_LEARNED, MOST_LEARNED)
}

/// Adds what was learned to the hits in `seen`, reorders all, and moves their scores along. `scale`: log-odds per rank value.
pub fn apply(weights: &BTreeMap<String, f32>, tallies: &Tallies, seen: &Seen, scale: f32, ranked: &mut Vec<Ranked>) {
    let mut keyed: Vec<(f32, Ranked)> = Vec::with_capacity(ranked.len());
    for mut hit in ranked.drain(..) {
        let rank_value = hit.explain.iter().find(|(n, _)| *n == "rank_value").map_or(0.0, |(_, v)| *v);
        let learned =
            seen.get(&hit.candidate.row).map_or(0.0, |(chunk, usage)| value(weights, &hit.explain, chunk, *usage, tallies));
        if learned != 0.0 {
            let s = hit.score.clamp(1e-6, 1.0 - 1e-6);
            hit.score = 1.0 / (1.0 + (-((s / (1.0 - s)).ln() + scale * learned)).exp());
            hit.explain.push(("learned", learned));
        }
        keyed.push((rank_value + learned, hit));
    }
    keyed.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.candidate.row.cmp(&y.candidate.row)));
    ranked.extend(keyed.into_iter().map(|(_, hit)| hit));
}
