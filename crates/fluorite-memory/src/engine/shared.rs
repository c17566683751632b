//! What all threads of an open store share.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use fluorite_ml::{Embedder, EmbeddingCache, Tokenizer};
use parking_lot::{Condvar, Mutex, RwLock};

use super::EngineConfig;
use super::backlog::Backlog;
use super::commit::{Writer, drain};
use super::compact::Compaction;
use super::events::EventHub;
use super::feedback::FeedbackSide;
use super::graphs::Graphing;
use super::load::Unloaded;
use super::prepare::{Compression, chunk_key};
use super::queue::{CommitQueue, Op, Place, Target};
use super::reader::Reader;
use super::rekey::Rekeying;
use super::state::State;
use super::text::TextSide;
use crate::cache::ChunkCache;
use crate::cancel::CancelToken;
use crate::clock::Clock;
use crate::crypt::EncryptionKey;
use crate::error::{Error, Result, SUPPLIED_MODEL};
use crate::executor::Executor;
use crate::history::SearchHistory;
use crate::index::RowSet;
use crate::log::{Codec, ModelId};
use crate::metrics::Recorder;
use crate::mutants::mutant;
use crate::options::SearchFilter;
use crate::vfs::{Vfs, VfsLock};

/// zstd level of compaction.
pub const COMPACT_LEVEL: i32 = 9;
/// Calls that may wait before `Busy`.
pub const MOST_CALLS: usize = 1_024;

/// An open store.
pub struct Shared {
    /// Itself, for work behind a call that only borrows it.
    pub me: Weak<Self>,
    pub config: EngineConfig,
    pub vfs: Arc<dyn Vfs>,
    pub clock: Arc<dyn Clock>,
    pub executor: Executor,
    pub seed: u64,
    pub store_id: u128,
    pub codec: Codec,
    /// Dictionary of new records.
    pub dictionary: AtomicU32,
    pub training: AtomicBool,
    /// Stages of training behind it.
    pub stage: AtomicU32,
    pub compaction: Mutex<Compaction>,
    pub state: RwLock<State>,
    pub events: Arc<EventHub>,
    pub metrics: Arc<Recorder>,
    pub history: Option<SearchHistory>,
    pub cache: ChunkCache,
    pub text: TextSide,
    pub feedback: FeedbackSide,
    pub backlog: Backlog,
    /// Rows opened from the log whose filter entries or vectors are still to be loaded.
    pub unloaded: Unloaded,
    /// Until the rows an open found have been indexed.
    pub opened_once: AtomicBool,
    pub graphing: Mutex<Graphing>,
    /// Held while the list of graphs is changed, on disk and in `graphing`.
    pub listing: Mutex<()>,
    pub queue: Arc<CommitQueue>,
    pub writer: Mutex<Option<Writer>>,
    /// Of a read-only opening: then there is no writer, no lock and no committer.
    pub reader: Option<Reader>,
    pub lexicon: crate::query::Lexicon,
    pub embedder: Option<Arc<dyn Embedder>>,
    pub tokenizer: Mutex<Option<Arc<Tokenizer>>>,
    pub embeddings: EmbeddingCache,
    pub model: Mutex<Option<ModelId>>,
    pub model_hash: AtomicU64,
    pub next_deadline: AtomicI64,
    /// The reserve was given up and there is no room for it yet: what is left is for deletes and compaction.
    pub reserve_gone: AtomicBool,
    /// Rows whose counters changed since they were last written.
    pub read_rows: Mutex<RowSet>,
    pub poisoned: Mutex<Option<String>>,
    /// A damaged record met while indexing.
    pub index_damage: Mutex<Option<String>>,
    /// Monotonic moment at which the background is to remove what is doomed, and when it last did or tried.
    pub purge_due: AtomicI64,
    pub purged_at: AtomicI64,
    /// Raised before doomed versions leave the log: what was being built meanwhile may hold something of them.
    pub purges: AtomicU64,
    /// Dictionaries that purged chunks may have been samples of.
    pub spoiled: AtomicU32,
    /// Files with something purged that could not be removed yet.
    pub unremoved: Mutex<Vec<PathBuf>>,
    /// The key that opens the store now.
    pub key: RwLock<Option<EncryptionKey>>,
    pub rekeying: Mutex<Rekeying>,
    pub recovered_tail: u64,
    pub calls: Mutex<usize>,
    pub calls_done: Condvar,
    pub closing: AtomicBool,
    /// Raised when closing: background work ends early.
    pub stop: CancelToken,
    pub lock: Mutex<Option<Box<dyn VfsLock>>>,
    pub committer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// Calls in flight of one opening.
#[derive(Default)]
pub struct OpenCalls {
    count: Mutex<usize>,
    done: Condvar,
}

impl OpenCalls {
    /// Blocks until there is none.
    pub fn wait(&self) {
        let mut count = self.count.lock();
        while *count > 0 {
            self.done.wait(&mut count);
        }
    }
}

/// A call in flight; the end of its opening, and `close`, wait for it.
pub struct Call(Arc<Shared>, Arc<OpenCalls>);

impl Drop for Call {
    fn drop(&mut self) {
        {
            let mut count = self.1.count.lock();
            *count -= 1;
            if *count == 0 {
                self.1.done.notify_all();
            }
        }
        let mut calls = self.0.calls.lock();
        *calls -= 1;
        if *calls == 0 {
            self.0.calls_done.notify_all();
        }
    }
}

impl Shared {
    /// Folder of the segments.
    pub fn log_dir(&self) -> PathBuf {
        self.config.path.join("log")
    }

    /// Folder of the dictionaries.
    pub fn dict_dir(&self) -> PathBuf {
        self.config.path.join("dict")
    }

    /// Folder of derived files.
    pub fn index_dir(&self) -> PathBuf {
        self.config.path.join("index")
    }

    /// Registers a call; `Closed` when closing, `Busy` when too many wait.
    pub fn enter(self: &Arc<Self>, opening: &Arc<OpenCalls>) -> Result<Call> {
        let mut calls = self.calls.lock();
        if self.closing.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        if *calls >= MOST_CALLS {
            return Err(Error::Busy { waiting: *calls });
        }
        *calls += 1;
        *opening.count.lock() += 1;
        Ok(Call(Arc::clone(self), Arc::clone(opening)))
    }

    /// The key of a chunk.
    pub fn key(&self, namespace: &str, id: &str) -> u128 {
        chunk_key(self.seed, namespace, id)
    }

    /// Compression of new records.
    pub fn compression(&self) -> Compression {
        let level = self.config.enable_compression.then_some(self.config.compression_level);
        Compression { dictionary: self.dictionary.load(Ordering::Acquire), level }
    }

    /// Dimensions of the store's vectors, once known.
    pub fn dimensions(&self) -> Option<usize> {
        let (supplied, dimensions) = self.model.lock().as_ref().map(|m| (m.id == SUPPLIED_MODEL, m.dimensions))?;
        // without a vector left, the dimensions of supplied ones bind nobody
        let free = supplied && self.state.try_read().is_some_and(|s| s.embedded.is_empty());
        (!free).then_some(dimensions)
    }

    /// Hash of the model id as VECTOR records carry it.
    pub fn model_hash(&self) -> u64 {
        self.model_hash.load(Ordering::Acquire)
    }

    /// Makes a model known.
    pub fn set_model(&self, model: Option<ModelId>) {
        let hash = model.as_ref().map_or(0, |m| xxhash_rust::xxh3::xxh3_64(m.id.as_bytes()));
        self.model_hash.store(hash, Ordering::Release);
        *self.model.lock() = model;
    }

    /// Hands work to the committer; the inline stepper commits at once.
    pub fn submit(self: &Arc<Self>, place: Place, op: Op) {
        place.fill(op);
        self.kick();
    }

    /// With the inline stepper: commits what is ready, unless a commit is under way on this thread already.
    pub fn kick(self: &Arc<Self>) {
        if self.executor.is_inline() && !self.writer.is_locked() {
            drain(self);
        }
    }

    /// The first failure makes writes fail until the store is reopened.
    pub fn poison(&self, e: &Error) {
        let cause = match e {
            Error::Poisoned { cause } => cause.clone(),
            other => other.to_string(),
        };
        self.poisoned.lock().get_or_insert(cause);
    }

    /// May this store be written? `Err(Poisoned)` after a failure, `Err(ReadOnly)` where another writes.
    pub fn check_poison(&self) -> Result<()> {
        self.check_writable()?;
        match &*self.poisoned.lock() {
            Some(cause) if !mutant!("poison_forgotten") => Err(Error::Poisoned { cause: cause.clone() }),
            _ => Ok(()),
        }
    }

    /// Gives up the reserve file; false when it is gone already.
    pub fn release_reserve(&self) -> bool {
        let gone = self.vfs.remove(&self.config.path.join(super::reserve::NAME)).is_ok();
        self.reserve_gone.fetch_or(gone, Ordering::AcqRel);
        gone
    }

    /// Makes the reserve again, if it is missing and there is room.
    pub fn restore_reserve(&self) {
        self.reserve_gone.store(!super::reserve::ensure(&*self.vfs, &self.config.path), Ordering::Release);
    }

    /// `NoSpace` while the reserve is gone: writers must not take the room deletes need.
    pub fn check_room(&self) -> Result<()> {
        if self.reserve_gone.load(Ordering::Acquire) {
            self.restore_reserve();
        }
        if self.reserve_gone.load(Ordering::Acquire) { Err(Error::NoSpace { path: self.log_dir() }) } else { Ok(()) }
    }

    /// `EncryptedFull` when an encrypted store has no place for so many more versions.
    pub fn check_rows(&self, more: usize) -> Result<()> {
        let limit = self.config.encrypted_rows;
        if self.config.encryption_key.is_none() {
            return Ok(());
        }
        let state = self.state.read();
        let rows = state.rows.len() - state.free.len();
        if rows + more > limit { Err(Error::EncryptedFull { limit: limit as u64 }) } else { Ok(()) }
    }

    /// Ends the life of chunks whose time is up.
    pub fn expire_due(&self) {
        let now = self.clock.monotonic_ms();
        if now < self.next_deadline.load(Ordering::Acquire) || mutant!("ttl_ignored") {
            return;
        }
        let mut state = self.state.write();
        let mut dead = Vec::new();
        for row in state.due(now) {
            let was_live = state.kill(row);
            if was_live {
                dead.push(super::text::TextItem::Dead(row));
            }
            state.doom_expired(row, was_live);
            if let Some(sequence) = state.row(row).map(|r| r.sequence) {
                self.cache.remove(sequence);
            }
        }
        while let Some((&(at, row), ())) = state.expiry.first_key_value() {
            if at > now {
                break;
            }
            state.expiry.remove(&(at, row));
        }
        self.next_deadline.store(state.next_deadline(), Ordering::Release);
        self.text.push(dead);
        drop(state);
        self.purge_later(false);
    }

    /// Names of the live chunks a filter matches.
    pub fn matching_targets(&self, filter: &SearchFilter) -> Result<Vec<Target>> {
        self.ensure_loaded()?;
        self.expire_due();
        let state = self.state.read();
        let rows = self.select(&state, filter)?;
        let mut targets = Vec::new();
        let mut seen = HashSet::new();
        for row in rows.iter() {
            let Some(r) = state.row(row) else { continue };
            if seen.insert(r.key) {
                let (namespace, id) = self.names(&state, r)?;
                targets.push(Target { key: r.key, namespace, id });
            }
        }
        Ok(targets)
    }

    /// Live rows that match.
    pub fn select(&self, state: &State, filter: &SearchFilter) -> Result<RowSet> {
        Ok(match state.filter.evaluate(filter, &state.live)? {
            crate::index::Selection::All => state.live.clone(),
            crate::index::Selection::Some(rows) => rows,
        })
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("path", &self.config.path).finish_non_exhaustive()
    }
}
