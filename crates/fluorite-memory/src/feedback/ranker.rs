//! The learned weights, and `feedback/weights` where they are kept.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::features::features_of;
use super::fit::Anchor;
use super::tally::Tallies;
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::search::Ranked;
use crate::vfs::{Vfs, read_checked, replace};

const MAGIC: &[u8; 8] = b"FLUOWGT1";
const VERSION: u32 = 1;
const NAME: &str = "weights";
/// What one hit can gain or lose at most, in rank values: learned weights never bury the query itself.
const MOST: f32 = 6.0;

/// What one domain learned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DomainWeights {
    /// Weights behind its last training: the ranking of searches that name this domain.
    pub weights: BTreeMap<String, f32>,
    /// Fisher information of each weight for this domain's pairs, summed: what is large here is protected.
    pub fisher: BTreeMap<String, f32>,
    /// Events of the domain its last training has seen.
    pub events: u64,
    /// Milliseconds since the epoch of that training.
    pub trained_at: i64,
    /// Share of held-out pairs in the right order, before and after.
    pub accuracy: (f32, f32),
}

/// All learned weights. Empty: searches are ranked by the bundled weights alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranker {
    /// Weights of searches that name no domain: what all domains taught, the later ones without spoiling the earlier.
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
        let all = ranker.domains.values().flat_map(|d| d.weights.values().chain(d.fisher.values())).chain(ranker.shared.values());
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

    /// What the other domains hold on to.
    #[must_use]
    pub fn anchors(&self, but: &str) -> Vec<Anchor<'_>> {
        let others = self.domains.iter().filter(|(name, _)| *name != but);
        others.map(|(_, d)| Anchor { weights: &d.weights, fisher: &d.fisher }).collect()
    }
}

/// The value of features under weights, bounded.
fn value(weights: &BTreeMap<String, f32>, parts: &[(&'static str, f32)], chunk: &Chunk, usage: u32, tallies: &Tallies) -> f32 {
    let mut sum = 0.0;
    let tally = tallies.get(&chunk.namespace, &chunk.id);
    features_of(parts, chunk, usage, tally, &mut |name, v| sum += weights.get(name).copied().unwrap_or(0.0) * v);
    sum.clamp(-MOST, MOST)
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
