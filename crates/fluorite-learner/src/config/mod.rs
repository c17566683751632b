//! The configuration of the whole product.
//!
//! Owns: the keys, their ranges and defaults, and the order of the sources: what the caller gives comes before the
//! environment, that before the TOML file, that before the default. Must not know: what the values do. In: an untyped
//! tree, a look-up of environment variables, a file. Out: `Config`, or `INVALID_CONFIG` naming the key and the remedy.

mod keys;
mod layer;
mod resolve;
mod toml_file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fluorite_memory::{Durability, EncryptionKey, EngineConfig, TextSplitter};

use crate::learn::LearningConfig;
use crate::split::StructureSplitter;
pub use resolve::resolve;

/// A checked configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Folder of the store.
    pub memory_path: PathBuf,
    /// Folder of models; the bundled model when absent or without the model.
    pub models_path: Option<PathBuf>,
    /// The TOML file that was read.
    pub config_path: Option<PathBuf>,
    /// Load the model: true.
    pub enable_ml: bool,
    /// Open a store that another process may be writing, for reading alone: false.
    pub read_only: bool,
    /// Milliseconds between two looks of a read-only opening at what was written, 0 to 3,600,000: 1,000. 0: only on demand.
    pub refresh_interval_ms: u64,
    /// Name of the model: `all-MiniLM-L6-v2`.
    pub embedding_model: String,
    /// Worker threads, 1 to 64; cores, at most 8, when absent.
    pub num_threads: Option<usize>,
    /// Chunk cache in MiB, 1 to 1,048,576: 512.
    pub cache_size_mb: usize,
    /// zstd on or off: on.
    pub enable_compression: bool,
    /// zstd level, 1 to 19: 3.
    pub compression_level: i32,
    /// Largest content in bytes, 1 to 64 MiB: 1 MiB.
    pub max_chunk_size: usize,
    /// Store texts over the model's window, or over `max_chunk_size`, in pieces: false.
    pub auto_split: bool,
    /// When a write counts as done: `sync`.
    pub durability: Durability,
    /// Size of a segment in MiB, 1 to 1,024: 64.
    pub segment_mb: u64,
    /// Encrypts the store, and opens it again: none.
    pub encryption_key: Option<EncryptionKey>,
    /// Own software terms: a Japanese, Korean or Chinese term, and its English words with `|` between alternatives. They come
    /// before the bundled ones.
    pub lexicon: BTreeMap<String, String>,
    /// Folder in which searches are written down; nowhere when absent (`learning.history` is off).
    pub history_dir: Option<PathBuf>,
    /// What learning uses.
    pub learning: LearningConfig,
}

impl Config {
    /// The defaults for this store.
    #[must_use]
    pub fn new(memory_path: impl Into<PathBuf>) -> Self {
        let engine = EngineConfig::new(memory_path);
        Self {
            memory_path: engine.path,
            models_path: None,
            config_path: None,
            enable_ml: engine.enable_ml,
            read_only: engine.read_only,
            refresh_interval_ms: engine.refresh_interval_ms,
            embedding_model: engine.embedding_model,
            num_threads: engine.num_threads,
            cache_size_mb: engine.cache_size_mb,
            enable_compression: engine.enable_compression,
            compression_level: engine.compression_level,
            max_chunk_size: engine.max_chunk_size,
            auto_split: engine.auto_split,
            durability: engine.durability,
            segment_mb: engine.segment_bytes >> 20,
            encryption_key: None,
            lexicon: engine.lexicon,
            history_dir: None,
            learning: LearningConfig::default(),
        }
    }

    /// How to open the store: `models_path` comes before the bundled models.
    #[must_use]
    pub fn engine_config(&self, bundled_models: Option<&Path>, runtime_paths: Vec<PathBuf>) -> EngineConfig {
        EngineConfig {
            enable_ml: self.enable_ml,
            read_only: self.read_only,
            refresh_interval_ms: self.refresh_interval_ms,
            models_paths: self.models_path.iter().cloned().chain(bundled_models.map(Path::to_path_buf)).collect(),
            embedding_model: self.embedding_model.clone(),
            runtime_paths,
            num_threads: self.num_threads,
            cache_size_mb: self.cache_size_mb,
            enable_compression: self.enable_compression,
            compression_level: self.compression_level,
            max_chunk_size: self.max_chunk_size,
            auto_split: self.auto_split,
            splitter: Some(TextSplitter::new(StructureSplitter)),
            durability: self.durability,
            segment_bytes: self.segment_mb << 20,
            history_dir: self.history_dir.clone(),
            encryption_key: self.encryption_key.clone(),
            lexicon: self.lexicon.clone(),
            ..EngineConfig::new(&self.memory_path)
        }
    }
}
