//! The sources in their order.

use std::path::PathBuf;

use fluorite_memory::input::Value;
use fluorite_memory::{EncryptionKey, Error, Result};

use super::layer::{Layer, threads};
use super::{Config, toml_file};
use crate::learn::LearningConfig;

/// What the caller gives, then `env`, then the TOML file (`config_path` or `FLUORITE_CONFIG`), then the defaults.
///
/// Keys may be snake_case or camelCase. `env` looks a variable up; empty ones count as unset, but for `FLUORITE_ENCRYPTION_KEY`, which is
/// refused when it is empty and nothing else gives a key: a store made then would be plain.
/// # Errors
/// `INVALID_CONFIG` for unknown keys (with the nearest known one), wrong types and ranges, keys nothing acts on yet,
/// an unreadable file, and when no source names `memory_path`.
pub fn resolve(explicit: Value, env: &dyn Fn(&str) -> Option<String>) -> Result<Config> {
    let mut given = Layer::read(explicit)?.over(environment(env)?);
    let key = EncryptionKey::from_environment(env);
    let empty = env("FLUORITE_ENCRYPTION_KEY").is_some_and(|text| text.trim().is_empty());
    if given.encryption_key.is_none() && !empty {
        given.encryption_key = key.clone()?;
    }
    let all = match given.config_path.clone() {
        Some(path) => given.over(toml_file::read(&path)?),
        None => given,
    };
    if all.encryption_key.is_none() {
        key?;
    }
    let Some(memory_path) = all.memory_path else {
        return Err(Error::config(
            "memory_path is missing: give it to the call, set FLUORITE_MEMORY_PATH, or write it into the configuration file",
        ));
    };
    let history_dir = history(all.history, all.history_dir, env)?;
    let base = Config::new(memory_path);
    let learning = LearningConfig::default();
    let num_threads = all.num_threads.map(size);
    Ok(Config {
        models_path: all.models_path,
        config_path: all.config_path,
        enable_ml: all.enable_ml.unwrap_or(base.enable_ml),
        read_only: all.read_only.unwrap_or(base.read_only),
        refresh_interval_ms: all.refresh_interval_ms.unwrap_or(base.refresh_interval_ms),
        embedding_model: all.embedding_model.unwrap_or(base.embedding_model),
        num_threads,
        cache_size_mb: all.cache_size_mb.map_or(base.cache_size_mb, size),
        enable_compression: all.enable_compression.unwrap_or(base.enable_compression),
        compression_level: all.compression_level.and_then(|l| i32::try_from(l).ok()).unwrap_or(base.compression_level),
        max_chunk_size: all.max_chunk_size.map_or(base.max_chunk_size, size),
        auto_split: all.auto_split.unwrap_or(base.auto_split),
        durability: all.durability.unwrap_or(base.durability),
        segment_mb: all.segment_mb.unwrap_or(base.segment_mb),
        encryption_key: all.encryption_key,
        lexicon: all.lexicon.unwrap_or_default(),
        history_dir,
        learning: LearningConfig {
            spike_templates_path: all.spike_templates_path,
            batch_size: all.batch_size.map_or(learning.batch_size, size),
            parallel_processing: all.parallel_processing.unwrap_or(learning.parallel_processing),
            include_generated: all.include_generated.unwrap_or(learning.include_generated),
            incremental: all.incremental.unwrap_or(learning.incremental),
            quality_threshold: all.quality_threshold.unwrap_or(learning.quality_threshold),
            num_threads,
        },
        memory_path: base.memory_path,
    })
}

/// Where searches are written down: nowhere unless `history` is on. `~` is the home of the user.
fn history(on: Option<bool>, dir: Option<PathBuf>, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<PathBuf>> {
    if on != Some(true) {
        return Ok(None);
    }
    let dir = dir.unwrap_or_else(|| PathBuf::from("~/tmp/fluorite-learning"));
    let Ok(below) = dir.strip_prefix("~") else { return Ok(Some(dir)) };
    let home = ["HOME", "USERPROFILE"].into_iter().find_map(|name| env(name).filter(|v| !v.trim().is_empty()));
    match home {
        Some(home) => Ok(Some(PathBuf::from(home).join(below))),
        None => Err(Error::config(
            "learning.history_dir: HOME is not set, and nothing else says where the home folder is: name a folder",
        )),
    }
}

fn environment(env: &dyn Fn(&str) -> Option<String>) -> Result<Layer> {
    let get = |name: &str| env(name).filter(|v| !v.trim().is_empty());
    let number = get("FLUORITE_NUM_THREADS").map(|text| {
        text.trim()
            .parse()
            .map_err(|_| Error::config(format!("FLUORITE_NUM_THREADS must be a number from 1 to 64; it is {text:?}")))
    });
    Ok(Layer {
        memory_path: get("FLUORITE_MEMORY_PATH").map(PathBuf::from),
        models_path: get("FLUORITE_MODELS_PATH").map(PathBuf::from),
        config_path: get("FLUORITE_CONFIG").map(PathBuf::from),
        num_threads: threads("FLUORITE_NUM_THREADS", number.transpose()?)?,
        ..Layer::default()
    })
}

/// Every value was checked against a range far below the limit.
fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
