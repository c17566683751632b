//! One source, checked and flat.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fluorite_memory::input::{Value, from_value};
use fluorite_memory::{Durability, EncryptionKey, Error, Result};

use super::keys::Keys;
use crate::learn::MAX_BATCH;

/// Values of one source; `None` leaves the choice to the next.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) memory_path: Option<PathBuf>,
    pub(super) models_path: Option<PathBuf>,
    pub(super) spike_templates_path: Option<PathBuf>,
    pub(super) config_path: Option<PathBuf>,
    pub(super) enable_ml: Option<bool>,
    pub(super) read_only: Option<bool>,
    pub(super) refresh_interval_ms: Option<u64>,
    pub(super) incremental: Option<bool>,
    pub(super) batch_size: Option<u64>,
    pub(super) cache_size_mb: Option<u64>,
    pub(super) enable_compression: Option<bool>,
    pub(super) compression_level: Option<u64>,
    pub(super) max_chunk_size: Option<u64>,
    pub(super) auto_split: Option<bool>,
    pub(super) durability: Option<Durability>,
    pub(super) segment_mb: Option<u64>,
    pub(super) encryption_key: Option<EncryptionKey>,
    pub(super) lexicon: Option<BTreeMap<String, String>>,
    pub(super) parallel_processing: Option<bool>,
    pub(super) include_generated: Option<bool>,
    pub(super) quality_threshold: Option<f32>,
    pub(super) history: Option<bool>,
    pub(super) history_dir: Option<PathBuf>,
    pub(super) embedding_model: Option<String>,
    pub(super) num_threads: Option<u64>,
}

/// Number of threads from 1 to 64.
pub(super) fn threads(key: &str, value: Option<u64>) -> Result<Option<u64>> {
    range(key, value, 1, 64)
}

impl Layer {
    /// Reads a tree; `null` stands for an empty one.
    pub(super) fn read(value: Value) -> Result<Self> {
        let value = if value == Value::Null { Value::Object(Vec::new()) } else { value };
        let keys: Keys = from_value(value).map_err(Error::config)?;
        if let Some(key) = keys.idle() {
            return Err(Error::config(format!("{key}: this release does not act on it yet; leave it out")));
        }
        let (memory, learning, ml) =
            (keys.memory.unwrap_or_default(), keys.learning.unwrap_or_default(), keys.ml.unwrap_or_default());
        if ml.cpu_only == Some(false) {
            return Err(Error::config("ml.cpu_only: this build runs on the CPU only; leave it out or set it to true"));
        }
        let cache_size_mb = same("cache_size_mb", keys.cache_size_mb, "memory.cache_size_mb", memory.cache_size_mb)?;
        let batch_size = same("batch_size", keys.batch_size, "learning.batch_size", learning.batch_size)?;
        Ok(Self {
            memory_path: path("memory_path", keys.memory_path)?,
            models_path: path("models_path", keys.models_path)?,
            spike_templates_path: path("spike_templates_path", keys.spike_templates_path)?,
            config_path: path("config_path", keys.config_path)?,
            enable_ml: keys.enable_ml,
            read_only: keys.read_only,
            refresh_interval_ms: range("refresh_interval_ms", keys.refresh_interval_ms, 0, 3_600_000)?,
            incremental: keys.enable_incremental_learning,
            batch_size: range("batch_size", batch_size, 1, MAX_BATCH as u64)?,
            cache_size_mb: range("cache_size_mb", cache_size_mb, 1, 1 << 20)?,
            enable_compression: memory.enable_compression,
            compression_level: range("memory.compression_level", memory.compression_level, 1, 19)?,
            max_chunk_size: range("memory.max_chunk_size", memory.max_chunk_size, 1, 64 << 20)?,
            auto_split: memory.auto_split,
            durability: memory.durability,
            segment_mb: range("memory.segment_mb", memory.segment_mb, 1, 1_024)?,
            encryption_key: memory.encryption_key,
            lexicon: memory.lexicon,
            parallel_processing: learning.parallel_processing,
            include_generated: learning.include_generated,
            quality_threshold: share("learning.quality_threshold", learning.quality_threshold)?,
            history: learning.history,
            history_dir: path("learning.history_dir", learning.history_dir)?,
            embedding_model: model(ml.embedding_model)?,
            num_threads: threads("ml.num_threads", ml.num_threads)?,
        })
    }

    /// This source first, then `next`.
    pub(super) fn over(self, next: Self) -> Self {
        Self {
            memory_path: self.memory_path.or(next.memory_path),
            models_path: self.models_path.or(next.models_path),
            spike_templates_path: self.spike_templates_path.or(next.spike_templates_path),
            config_path: self.config_path.or(next.config_path),
            enable_ml: self.enable_ml.or(next.enable_ml),
            read_only: self.read_only.or(next.read_only),
            refresh_interval_ms: self.refresh_interval_ms.or(next.refresh_interval_ms),
            incremental: self.incremental.or(next.incremental),
            batch_size: self.batch_size.or(next.batch_size),
            cache_size_mb: self.cache_size_mb.or(next.cache_size_mb),
            enable_compression: self.enable_compression.or(next.enable_compression),
            compression_level: self.compression_level.or(next.compression_level),
            max_chunk_size: self.max_chunk_size.or(next.max_chunk_size),
            auto_split: self.auto_split.or(next.auto_split),
            durability: self.durability.or(next.durability),
            segment_mb: self.segment_mb.or(next.segment_mb),
            encryption_key: self.encryption_key.or(next.encryption_key),
            lexicon: self.lexicon.or(next.lexicon),
            parallel_processing: self.parallel_processing.or(next.parallel_processing),
            include_generated: self.include_generated.or(next.include_generated),
            quality_threshold: self.quality_threshold.or(next.quality_threshold),
            history: self.history.or(next.history),
            history_dir: self.history_dir.or(next.history_dir),
            embedding_model: self.embedding_model.or(next.embedding_model),
            num_threads: self.num_threads.or(next.num_threads),
        }
    }
}

fn same(a: &str, x: Option<u64>, b: &str, y: Option<u64>) -> Result<Option<u64>> {
    match (x, y) {
        (Some(x), Some(y)) if x != y => Err(Error::config(format!("{a} is {x} but {b} is {y}; they are one setting, give one"))),
        _ => Ok(x.or(y)),
    }
}

fn range(key: &str, value: Option<u64>, least: u64, most: u64) -> Result<Option<u64>> {
    match value {
        Some(v) if !(least..=most).contains(&v) => Err(Error::config(format!("{key} must be {least} to {most}; it is {v}"))),
        _ => Ok(value),
    }
}

fn share(key: &str, value: Option<f32>) -> Result<Option<f32>> {
    match value {
        Some(v) if !(0.0..=1.0).contains(&v) => Err(Error::config(format!("{key} must be 0 to 1; it is {v}"))),
        _ => Ok(value),
    }
}

fn path(key: &str, value: Option<String>) -> Result<Option<PathBuf>> {
    match value {
        Some(p) if p.trim().is_empty() => Err(Error::config(format!("{key} is empty; give a path or leave it out"))),
        Some(p) if p.contains('\0') => Err(Error::config(format!("{key} holds a NUL character; give a path"))),
        p => Ok(p.map(PathBuf::from)),
    }
}

fn model(name: Option<String>) -> Result<Option<String>> {
    match name {
        Some(n) if n.is_empty() || n == "." || n == ".." || n.contains(['/', '\\', '\0']) => Err(Error::config(format!(
            "ml.embedding_model must be the name of a folder below models_path, such as \"all-MiniLM-L6-v2\"; it is {n:?}"
        ))),
        n => Ok(n),
    }
}
