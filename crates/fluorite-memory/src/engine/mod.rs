//! The engine: orders log, indexes, cache and embedder; holds no algorithm of theirs.
//!
//! Owns: the order of writes (`queue`, `commit`, `apply`), the tables in memory (`state`), feedback and what is learned from it (`feedback`, `ranker`), what runs behind the calls
//! (`text`, `backlog`, `train`, `compact`), opening and closing. In: calls of the public API. Out: `Pending` results.
//! Must not know: Node, spikes.
//!
//! A read-only opening (`reader`) takes no lock and has no committer: it looks at the files another process writes
//! (`refresh`). What the writer does it meets as one of three things. The live segment has grown, or was sealed and a next one
//! begun: the new whole groups are applied as if they had been committed here (`follow`), a look's groups under one write lock.
//! The manifest or a list of index files is another in any other way (compaction, a dictionary, a graph, sealed text, a model),
//! or bytes that were read are gone (a write that failed was cut off again): a whole state is built beside the old one, and
//! swapped in (`reload`). Something does not fit: it is looked at again, because files are read one after the other while the
//! writer goes on, and only if it stays so is it an error: the old state goes on serving and `health` says since when.
//! What makes this safe: files that count are complete before the manifest names them and never change after; the live segment
//! only grows, in groups that are whole or not there; a torn end is left alone; files removed by the writer stay readable
//! through their maps and handles (not on Windows, where the writer cannot remove them and leaves them to its next open).

mod accuracy;
mod api;
mod apply;
mod ask;
mod backlog;
mod budget;
mod checkpoint;
mod close;
mod commit;
mod compact;
mod context;
mod doomed;
mod embed;
mod events;
mod feedback;
mod filter_file;
mod follow;
mod graph_job;
mod graph_list;
mod graphs;
mod guard;
mod heads;
mod known;
mod list;
mod load;
mod metrics;
mod open;
mod own_embedder;
mod pieces;
mod points;
mod prepare;
mod purge;
mod queue;
mod ranker;
mod read;
mod reader;
mod recheck;
mod refresh;
mod registry;
mod rekey;
mod related;
mod reload;
mod reload_events;
mod replay;
mod reserve;
mod restore;
mod search;
mod shared;
mod similar;
mod snapshot;
mod split;
mod splitter;
mod state;
mod stats;
mod store;
mod strays;
mod swap;
mod text;
mod text_job;
mod text_list;
mod texts;
mod tokens;
mod train;
mod verify;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use api::Engine;
pub use events::{DEFAULT_EVENT_BUFFER, Event, EventKind, EventOptions, IndexKind, MAX_EVENT_BUFFER, Subscription};
#[doc(hidden)] // for tests on simulated disks
pub use open::{LoadEmbedder, Platform};
pub use own_embedder::OwnEmbedder;
pub(crate) use prepare::chunk_key;
pub use similar::{Documents, MOST_DOCUMENT_BYTES, MOST_DOCUMENTS};
pub(crate) use snapshot::read_rows;
pub use splitter::{LongText, Splitter, TextPart, TextSplitter};
pub use tokens::TokenCounter;

use crate::crypt::EncryptionKey;
use crate::options::Durability;

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
    /// An embedder of the caller instead of the model; `enable_ml: false` leaves it out too.
    pub embedder: Option<OwnEmbedder>,
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
    /// Store texts over the model's window, or over `max_chunk_size`, in pieces: false. Needs a `splitter`.
    pub auto_split: bool,
    /// Where texts are cut; without one `auto_split` is refused.
    pub splitter: Option<TextSplitter>,
    /// Default of writes.
    pub durability: Durability,
    /// Bytes after which the live segment is sealed: 64 MiB.
    pub segment_bytes: u64,
    /// Folder in which searches are written down, outside the store: nowhere when absent.
    pub history_dir: Option<PathBuf>,
    /// Own terms of the lexicon: foreign term, or English word or phrase; English words with `|` between alternatives.
    pub lexicon: BTreeMap<String, String>,
    /// Encrypts the store, and opens it again. `None`: the store is plain.
    pub encryption_key: Option<EncryptionKey>,
    /// Versions an encrypted store may hold, because its indexes lie in memory: 1,000,000.
    pub encrypted_rows: usize,
    /// Vectors not in a graph that become one: 8,192. Below, a scan is as fast.
    pub graph_rows: usize,
    /// Rows of text in memory that become a segment: 8,192. Below, nothing is sealed: an open reads their text again.
    pub text_rows: usize,
    /// Open a store that is there, without its lock, and follow what another opening writes: false. Changes no byte.
    pub read_only: bool,
    /// Milliseconds between two looks of a read-only opening at what was written: 1,000. 0: only `refresh` looks.
    pub refresh_interval_ms: u64,
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
            embedder: None,
            runtime_paths: Vec::new(),
            num_threads: None,
            cache_size_mb: 512,
            enable_compression: true,
            compression_level: 3,
            max_chunk_size: 1 << 20,
            auto_split: false,
            splitter: None,
            durability: Durability::Sync,
            segment_bytes: 64 << 20,
            history_dir: None,
            lexicon: BTreeMap::new(),
            encryption_key: None,
            encrypted_rows: 1_000_000,
            graph_rows: 8_192,
            text_rows: 8_192,
            read_only: false,
            refresh_interval_ms: 1_000,
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
