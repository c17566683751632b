//! The keys as a source spells them (`BridgeConfig` of the public API).

use std::collections::BTreeMap;

use fluorite_memory::{Durability, EncryptionKey};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Top-level keys and sections.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Keys {
    pub(super) memory_path: Option<String>,
    pub(super) models_path: Option<String>,
    pub(super) spike_templates_path: Option<String>,
    pub(super) enable_ml: Option<bool>,
    pub(super) config_path: Option<String>,
    pub(super) enable_incremental_learning: Option<bool>,
    pub(super) batch_size: Option<u64>,
    pub(super) cache_size_mb: Option<u64>,
    pub(super) memory: Option<Memory>,
    pub(super) learning: Option<Learning>,
    pub(super) ml: Option<Ml>,
    pub(super) read_only: Option<bool>,
    pub(super) refresh_interval_ms: Option<u64>,
    target_frameworks: Option<IgnoredAny>,
}

/// Section `memory`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Memory {
    pub(super) cache_size_mb: Option<u64>,
    pub(super) enable_compression: Option<bool>,
    pub(super) compression_level: Option<u64>,
    pub(super) max_chunk_size: Option<u64>,
    pub(super) durability: Option<Durability>,
    pub(super) segment_mb: Option<u64>,
    pub(super) encryption_key: Option<EncryptionKey>,
    pub(super) lexicon: Option<BTreeMap<String, String>>,
    pub(super) auto_split: Option<bool>,
}

/// Section `learning`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Learning {
    pub(super) batch_size: Option<u64>,
    pub(super) parallel_processing: Option<bool>,
    pub(super) include_generated: Option<bool>,
    pub(super) quality_threshold: Option<f32>,
    pub(super) history: Option<bool>,
    pub(super) history_dir: Option<String>,
    output_dir: Option<IgnoredAny>,
}

/// Section `ml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ml {
    pub(super) embedding_model: Option<String>,
    pub(super) cpu_only: Option<bool>,
    pub(super) num_threads: Option<u64>,
    embedder: Option<IgnoredAny>,
}

impl Keys {
    /// A key of the public API that is given although nothing acts on it yet.
    pub(super) fn idle(&self) -> Option<&'static str> {
        let (learning, ml) = (self.learning.as_ref(), self.ml.as_ref());
        let given = [
            ("target_frameworks", self.target_frameworks.is_some()),
            ("learning.output_dir", learning.is_some_and(|l| l.output_dir.is_some())),
            ("ml.embedder", ml.is_some_and(|m| m.embedder.is_some())),
        ];
        given.into_iter().find_map(|(key, is)| is.then_some(key))
    }
}
