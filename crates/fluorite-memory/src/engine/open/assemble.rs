//! An open store of its parts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64};

use fluorite_ml::{Embedder, EmbeddingCache};
use parking_lot::{Condvar, Mutex, RwLock};

use crate::cache::ChunkCache;
use crate::clock::Clock;
use crate::engine::EngineConfig;
use crate::engine::backlog::Backlog;
use crate::engine::commit::Writer;
use crate::engine::feedback::FeedbackSide;
use crate::engine::graphs::Graphing;
use crate::engine::load::Unloaded;
use crate::engine::queue::CommitQueue;
use crate::engine::reader::Reader;
use crate::engine::rekey::Rekeying;
use crate::engine::shared::Shared;
use crate::engine::state::State;
use crate::engine::text::TextSide;
use crate::executor::Executor;
use crate::history::SearchHistory;
use crate::index::RowSet;
use crate::log::{Codec, ModelId};
use crate::query::Lexicon;
use crate::vfs::{Vfs, VfsLock};

/// Bytes of embeddings kept in memory: about 16,000 vectors of 384 dimensions.
const EMBEDDING_CACHE: usize = 32 << 20;

/// What differs from one opening to another.
pub struct Parts {
    pub config: EngineConfig,
    pub vfs: Arc<dyn Vfs>,
    pub clock: Arc<dyn Clock>,
    pub executor: Executor,
    pub codec: Codec,
    pub seed: u64,
    pub store_id: u128,
    pub dictionary: u32,
    pub stage: u32,
    pub spoiled: u32,
    pub model: Option<ModelId>,
    pub state: State,
    pub text: TextSide,
    /// Rows without filter entries, and without their vector in the index.
    pub unloaded: (Vec<u32>, Vec<u32>),
    pub graphing: Graphing,
    pub lexicon: Lexicon,
    pub history: Option<SearchHistory>,
    pub embedder: Option<Arc<dyn Embedder>>,
    pub reserve_gone: AtomicBool,
    pub rekeying: Rekeying,
    pub recovered_tail: u64,
    pub writer: Option<Writer>,
    pub reader: Option<Reader>,
    pub lock: Option<Box<dyn VfsLock>>,
}

/// An open store of its parts; nothing runs yet.
pub fn assemble(parts: Parts) -> Arc<Shared> {
    let Parts { config, vfs, clock, executor, codec, seed, store_id, model, state, text, lexicon, embedder, .. } = parts;
    let (unloaded, vectors) = parts.unloaded;
    let next_deadline = AtomicI64::new(state.next_deadline());
    let dictionary = AtomicU32::new(parts.dictionary);
    let (stage, spoiled) = (AtomicU32::new(parts.stage), AtomicU32::new(parts.spoiled));
    let cache = ChunkCache::new(config.cache_size_mb << 20);
    let (graphing, reserve_gone, recovered_tail) = (parts.graphing, parts.reserve_gone, parts.recovered_tail);
    let history = parts.history;
    let (writer, reader, lock) = (parts.writer, parts.reader, parts.lock);
    let key = config.encryption_key.clone();
    let shared = Arc::new_cyclic(|me| Shared {
        me: me.clone(),
        config,
        vfs,
        clock,
        executor,
        seed,
        store_id,
        codec,
        dictionary,
        training: AtomicBool::new(false),
        stage,
        compaction: Mutex::default(),
        state: RwLock::new(state),
        events: Arc::default(),
        metrics: Arc::default(),
        history,
        cache,
        text,
        feedback: FeedbackSide::default(),
        backlog: Backlog::default(),
        unloaded: Unloaded { filters: Mutex::new(unloaded), vectors: Mutex::new(vectors), saved_filters: AtomicBool::new(true) },
        opened_once: AtomicBool::new(true),
        graphing: Mutex::new(graphing),
        listing: Mutex::new(()),
        queue: Arc::new(CommitQueue::default()),
        writer: Mutex::new(writer),
        reader,
        lexicon,
        embedder,
        tokenizer: Mutex::new(None),
        embeddings: EmbeddingCache::new(EMBEDDING_CACHE),
        model: Mutex::new(None),
        model_hash: AtomicU64::new(0),
        next_deadline,
        reserve_gone,
        read_rows: Mutex::new(RowSet::default()),
        poisoned: Mutex::new(None),
        index_damage: Mutex::new(None),
        purge_due: AtomicI64::new(i64::MAX),
        purged_at: AtomicI64::new(i64::MIN / 2),
        purges: AtomicU64::new(0),
        spoiled,
        unremoved: Mutex::default(),
        key: RwLock::new(key),
        rekeying: Mutex::new(parts.rekeying),
        recovered_tail,
        calls: Mutex::new(0),
        calls_done: Condvar::new(),
        closing: AtomicBool::new(false),
        stop: crate::cancel::CancelToken::default(),
        lock: Mutex::new(lock),
        committer: Mutex::new(None),
    });
    shared.set_model(model);
    shared
}
