//! What training did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::FeedbackKind;

/// What a training did to another domain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retained {
    /// The domain.
    pub domain: String,
    /// Share of its held-out pairs in the right order by the shared weights before this training.
    pub accuracy_before: f32,
    /// The same behind it.
    pub accuracy_after: f32,
}

/// How often chunks of the store are found by their own headline (title, description or name, else the first sentence).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct KnownItemRate {
    /// Share that is among the first ten hits.
    pub hit_at_10: f32,
    /// Mean of 1 / place, 0 beyond the tenth.
    pub mrr: f32,
}

/// How much of what a domain taught the searches without a domain took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// All of it.
    #[default]
    All,
    /// The part by which chunks of the store are still found.
    Part,
    /// Nothing.
    None,
}

/// What became of the weights of searches that name no domain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharedTraining {
    /// How much of the training they took.
    pub taken: Taken,
    /// Why not all of it.
    pub reason: Option<String>,
    /// Chunks that judged, searched by their own headline, at most 200: those found among the first ten of more than ten hits by
    /// the bundled weights. 0: nothing could be judged.
    pub known_items: u64,
    /// How many of them the bundled weights find.
    pub bundled: KnownItemRate,
    /// The shared weights before this training.
    pub before: KnownItemRate,
    /// Those in use now.
    pub kept: KnownItemRate,
    /// Those fitted to the domain's pairs alone, when they were not taken.
    pub rejected: Option<KnownItemRate>,
}

/// Training of one domain.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DomainTraining {
    /// The domain.
    pub domain: String,
    /// Queries that gave pairs to fit.
    pub queries: u64,
    /// Pairs fitted.
    pub pairs: u64,
    /// Queries held out.
    pub held_out_queries: u64,
    /// Their pairs.
    pub held_out_pairs: u64,
    /// Share of the held-out pairs in the right order by the weights so far (a tie counts half); `None` without such pairs.
    pub accuracy_before: Option<f32>,
    /// The same by the fitted weights.
    pub accuracy_after: Option<f32>,
    /// Are the fitted weights in use now?
    pub applied: bool,
    /// Why not.
    pub reason: Option<String>,
    /// What the searches without a domain took of it; `None` when nothing was applied.
    pub shared: Option<SharedTraining>,
    /// What became of the domains trained earlier, in searches without a domain.
    pub retained: Vec<Retained>,
}

/// Result of `train_incremental`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TrainingResult {
    /// Events in the store.
    pub events: u64,
    /// Held-out pairs of all domains trained now.
    pub held_out_pairs: u64,
    /// Over all of them; `None` when there are none.
    pub accuracy_before: Option<f32>,
    /// Over all of them, with the weights in use behind the call.
    pub accuracy_after: Option<f32>,
    /// Is anything new in use?
    pub applied: bool,
    /// Judged chunks that are gone, or not among the best hundred for their query: they gave no pair.
    pub not_found: u64,
    /// The domains trained, in order of name.
    pub domains: Vec<DomainTraining>,
    /// Milliseconds of the call.
    pub duration_ms: u64,
}

/// What one domain stands at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DomainStats {
    /// The domain.
    pub domain: String,
    /// Weights in use.
    pub weights: u64,
    /// How much of its last training searches without a domain took.
    pub shared: Taken,
    /// Events its last training had seen.
    pub events: u64,
    /// Held-out accuracy before its last training.
    pub accuracy_before: f32,
    /// And behind it.
    pub accuracy_after: f32,
    /// When that was, ISO 8601.
    pub trained_at: String,
}

/// Feedback in the store.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FeedbackStats {
    /// Events.
    pub events: u64,
    /// Events of each kind there is.
    pub kinds: BTreeMap<FeedbackKind, u64>,
    /// Bytes of the files that keep events and weights.
    pub bytes: u64,
    /// Damaged places in the file of events; what was there is lost, the rest counts.
    pub damaged: u64,
    /// Domains with learned weights.
    pub domains: Vec<DomainStats>,
}
