//! The engine: orders log, indexes, cache and embedder; holds no algorithm of theirs.

use std::path::PathBuf;
use std::sync::Arc;

use crate::ChunkInput;
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::options::*;
use crate::pending::Pending;
use crate::report::*;

/// How a store is opened. `Default` plus `path` is a working configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    /// Folder of the store; created when absent.
    pub path: PathBuf,
    /// Load the model? Without it search is by words.
    pub enable_ml: bool,
    /// Folders searched for the model, in order (each `<folder>/<embedding_model>/` or the model folder itself).
    pub models_paths: Vec<PathBuf>,
    /// Name of the model: `all-MiniLM-L6-v2`.
    pub embedding_model: String,
    /// Folders searched for the ONNX Runtime library; `ORT_DYLIB_PATH` comes first.
    pub runtime_paths: Vec<PathBuf>,
    /// Worker threads: cores, at most 8, when absent.
    pub num_threads: Option<usize>,
    /// Bound of the chunk cache in MiB: 512.
    pub cache_size_mb: usize,
    /// zstd on or off.
    pub enable_compression: bool,
    /// zstd level of new records: 3.
    pub compression_level: i32,
    /// Largest content in bytes: 1 MiB.
    pub max_chunk_size: usize,
    /// Default of writes.
    pub durability: Durability,
    /// Bytes after which the live segment is sealed: 64 MiB.
    pub segment_bytes: u64,
}

impl EngineConfig {
    /// The defaults for this folder.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            enable_ml: true,
            models_paths: Vec::new(),
            embedding_model: "all-MiniLM-L6-v2".into(),
            runtime_paths: Vec::new(),
            num_threads: None,
            cache_size_mb: 512,
            enable_compression: true,
            compression_level: 3,
            max_chunk_size: 1 << 20,
            durability: Durability::Sync,
            segment_bytes: 64 << 20,
        }
    }
}

/// What a search asks for.
#[derive(Debug, Clone)]
pub enum Query {
    /// Text: embedded and split into words.
    Text(String),
    /// A vector of the store's model.
    Vector(Vec<f32>),
}

/// An open store. Clones share it; the last `shutdown` (or drop) closes it.
#[derive(Clone)]
pub struct Engine {}

impl Engine {
    /// Opens or creates the store. Blocks (lock, recovery, model); call it off the event loop.
    pub fn open(config: EngineConfig) -> Result<Self> {
        let _ = config;
        Err(Error::Closed)
    }
    /// Stores chunks as one batch. The order of calls is the order of effects.
    pub fn store(&self, chunks: Vec<ChunkInput>, options: WriteOptions) -> Pending<BatchResult> {
        let _ = (chunks, options);
        Pending::ready(Err(Error::Closed))
    }
    /// Resolves when everything stored before is durable (and embedded, when asked).
    pub fn flush(&self, embedded: bool) -> Pending<()> {
        let _ = embedded;
        Pending::ready(Err(Error::Closed))
    }
    /// The chunk when it can be told without waiting: `None` = ask `get_many`; `Some(None)` = there is none.
    pub fn get_cached(&self, namespace: &str, id: &str) -> Result<Option<Option<Record>>> {
        let _ = (namespace, id);
        Ok(None)
    }
    /// Chunks by id, all of one moment.
    pub fn get_many(&self, namespace: &str, ids: Vec<String>) -> Pending<Vec<Option<Record>>> {
        let _ = (namespace, ids);
        Pending::ready(Err(Error::Closed))
    }
    /// Deletes; true when there was something to delete.
    pub fn delete(&self, namespace: &str, id: &str) -> Pending<bool> {
        let _ = (namespace, id);
        Pending::ready(Err(Error::Closed))
    }
    /// Deletes what matches; an empty filter needs `all`.
    pub fn delete_where(&self, filter: SearchFilter, all: bool) -> Pending<u64> {
        let _ = (filter, all);
        Pending::ready(Err(Error::Closed))
    }
    /// One page of a listing.
    pub fn list(&self, options: ListOptions, cursor: Option<PageCursor>) -> Pending<Page> {
        let _ = (options, cursor);
        Pending::ready(Err(Error::Closed))
    }
    /// All kept versions of a chunk, oldest first.
    pub fn history(&self, namespace: &str, id: &str) -> Pending<Vec<Arc<Chunk>>> {
        let _ = (namespace, id);
        Pending::ready(Err(Error::Closed))
    }
    /// Best hits, best first.
    pub fn search(&self, query: Query, options: SearchOptions) -> Pending<Vec<SearchHit>> {
        let _ = (query, options);
        Pending::ready(Err(Error::Closed))
    }
    /// A vector search when it can be done at once on this thread; `None` = ask `search`.
    pub fn search_inline(&self, query: &[f32], options: &SearchOptions) -> Option<Result<Vec<SearchHit>>> {
        let _ = (query, options);
        None
    }
    /// Many queries with the same options, in parallel.
    pub fn search_many(&self, queries: Vec<Query>, options: SearchOptions) -> Pending<Vec<Vec<SearchHit>>> {
        let _ = (queries, options);
        Pending::ready(Err(Error::Closed))
    }
    /// Vectors of texts, unit length.
    pub fn embed(&self, texts: Vec<String>, cancel: crate::CancelToken, progress: Option<ProgressFn>) -> Pending<Vec<Vec<f32>>> {
        let _ = (texts, cancel, progress);
        Pending::ready(Err(Error::Closed))
    }
    /// Tokens of a text by the model's tokenizer, not cut.
    pub fn count_tokens(&self, text: &str) -> Result<usize> {
        let _ = text;
        Err(Error::Closed)
    }
    /// Figures.
    pub fn stats(&self) -> Pending<EngineStats> {
        Pending::ready(Err(Error::Closed))
    }
    /// What works.
    pub fn health(&self) -> SystemHealth {
        let ok = ComponentHealth { status: "ok", detail: None };
        SystemHealth { status: "ok", storage: ok.clone(), index: ok.clone(), embedder: ok }
    }
    /// Reads every record and compares checksums.
    pub fn verify(&self, cancel: crate::CancelToken, progress: Option<ProgressFn>) -> Pending<VerifyReport> {
        let _ = (cancel, progress);
        Pending::ready(Err(Error::Closed))
    }
    /// Rewrites what is mostly dead at a higher compression level.
    pub fn optimize(&self, cancel: crate::CancelToken, progress: Option<ProgressFn>) -> Pending<OptimizeReport> {
        let _ = (cancel, progress);
        Pending::ready(Err(Error::Closed))
    }
    /// Waits for calls in flight, saves, releases the lock. Idempotent.
    pub fn shutdown(&self) -> Pending<()> {
        Pending::ready(Ok(()))
    }
}
