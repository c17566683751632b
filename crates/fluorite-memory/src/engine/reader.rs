//! A read-only opening: what it knows of the writer's files, how it is opened, the thread that follows them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::EngineConfig;
use super::graphs::Graphing;
use super::open::{Parts, Platform, assemble};
use super::queue::Settle;
use super::refresh::feedback_stamp;
use super::rekey::Rekeying;
use super::reload::{Files, Known, Loaded, load, missing};
use super::shared::Shared;
use super::text::{TextItem, TextSide};
use super::texts::Sealing;
use crate::error::{Error, Result};
use crate::history::SearchHistory;
use crate::log::{Codec, Manifest, Tail};
use crate::query::Lexicon;
use crate::report::FollowStats;

/// How far the files were read.
pub struct Following {
    pub manifest: Manifest,
    /// The lists of graph and text files, as they were on disk.
    pub graphs: Vec<u32>,
    pub texts: Vec<u32>,
    /// Length of the file of events, and the learned weights' envelope.
    pub feedback: (u64, Option<Vec<u8>>),
    pub tail: Tail,
    /// Above every sequence number seen.
    pub next_sequence: u64,
    /// Groups were read that are not in the state: only a whole new one will do.
    pub incomplete: bool,
}

/// Calls of `refresh` that wait for a look.
#[derive(Default)]
pub struct Asked {
    /// A look is under way or about to begin.
    pub running: bool,
    /// Who takes part in the next one.
    pub waiting: Vec<(Instant, Settle<bool>)>,
}

/// The reading side of an open store.
pub struct Reader {
    /// Held by the look that is taken.
    pub following: Mutex<Following>,
    pub asked: Mutex<Asked>,
    /// Why the last look failed.
    pub trouble: Mutex<Option<String>>,
    /// A look panicked: what it had half done is not known, so nothing more is taken in.
    pub broken: AtomicBool,
    pub looks: AtomicU64,
    pub reloads: AtomicU64,
    /// When the last look that succeeded began, monotonic.
    pub current_at: AtomicI64,
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl Reader {
    fn new(following: Following, now: i64) -> Self {
        Self {
            following: Mutex::new(following),
            asked: Mutex::default(),
            trouble: Mutex::default(),
            broken: AtomicBool::new(false),
            looks: AtomicU64::new(0),
            reloads: AtomicU64::new(0),
            current_at: AtomicI64::new(now),
            stopped: Mutex::new(false),
            wake: Condvar::new(),
        }
    }

    /// Ends the thread that follows.
    pub fn stop(&self) {
        *self.stopped.lock() = true;
        self.wake.notify_all();
    }

    /// Waits for the next look; false when there is to be none.
    fn wait(&self, interval: Duration) -> bool {
        let mut stopped = self.stopped.lock();
        if !*stopped {
            self.wake.wait_for(&mut stopped, interval);
        }
        !*stopped
    }

    /// Figures of this moment.
    pub fn stats(&self, now: i64) -> FollowStats {
        FollowStats {
            looks: self.looks.load(Ordering::Relaxed),
            reloads: self.reloads.load(Ordering::Relaxed),
            age_ms: u64::try_from(now - self.current_at.load(Ordering::Relaxed)).unwrap_or(0),
        }
    }
}

impl Shared {
    /// `ReadOnly` where another process writes.
    pub fn check_writable(&self) -> Result<()> {
        if self.reader.is_some() { Err(Error::ReadOnly { path: self.config.path.clone() }) } else { Ok(()) }
    }
}

/// Opens the store at `config.path` for reading. Creates and changes nothing.
pub fn open(config: EngineConfig, platform: Platform) -> Result<Arc<Shared>> {
    let Platform { vfs, clock, executor, embedder, .. } = platform;
    let root = config.path.clone();
    let lexicon = Lexicon::with(&config.lexicon).map_err(|e| Error::config(format!("memory.{e}")))?;
    let history = match &config.history_dir {
        Some(folder) => Some(SearchHistory::new(super::registry::canonical(folder)?, &root)?),
        None => None,
    };
    let manifest = Manifest::load(&*vfs, &root)?.ok_or_else(|| missing(&*vfs, &root))?; // before the model is loaded for nothing
    let vfs = super::open::unlocked(vfs, &root, &manifest, config.encryption_key.as_ref())?;
    let embedder = embedder()?;
    let codec = Codec::default();
    let now = clock.monotonic_ms();
    let files = Files {
        vfs: &*vfs,
        root: &root,
        codec: &codec,
        embedder: embedder.as_deref(),
        wall: clock.wall_ms(),
        monotonic: clock.monotonic_ms(),
    };
    let Loaded { state, following, index, graph_list, graph_trouble, text_list, text_trouble, unchecked } =
        load(&files, &Known::default())?;
    let unloaded: Vec<u32> = state.live.iter().collect();
    let in_graphs = |row: u32| state.vectors.as_ref().is_some_and(|v| v.has(row));
    let vectors: Vec<u32> = state.embedded.iter().filter(|row| !in_graphs(*row)).collect();
    let unsealed = unloaded.iter().filter(|row| !index.has(**row));
    let unsealed = unsealed.filter_map(|r| Some(TextItem::Add(*r, state.row(*r)?.sequence))).collect();
    let text = TextSide::new(index, Sealing::new(text_list, text_trouble));
    text.push(unsealed);
    let manifest = &following.manifest;
    let parts = Parts {
        codec,
        seed: manifest.key_seed,
        store_id: manifest.id()?,
        dictionary: manifest.dictionary(),
        stage: manifest.stage(),
        spoiled: 0, // the writer purges
        model: manifest.model.clone(),
        state,
        text,
        unloaded: (unloaded, vectors),
        graphing: Graphing::new(graph_list, graph_trouble),
        lexicon,
        history,
        embedder,
        reserve_gone: AtomicBool::new(false),
        rekeying: Rekeying::default(), // the writer goes on with it
        recovered_tail: 0,
        writer: None,
        reader: Some(Reader::new(following, now)),
        lock: None,
        config,
        vfs,
        clock,
        executor,
    };
    let shared = assemble(parts);
    if let Some(reader) = &shared.reader {
        reader.following.lock().feedback = feedback_stamp(&shared);
    }
    shared.load_ranker();
    shared.recheck(unchecked);
    shared.schedule_background();
    Ok(shared)
}

/// Starts the thread that follows, unless only `refresh` is to look.
pub fn start(shared: Arc<Shared>) -> Result<Arc<Shared>> {
    let interval = Duration::from_millis(shared.config.refresh_interval_ms);
    if interval.is_zero() {
        return Ok(shared);
    }
    let theirs = Arc::clone(&shared);
    let run = move || {
        while theirs.reader.as_ref().is_some_and(|reader| reader.wait(interval)) {
            let _ = theirs.refresh(); // what stands against it is in `health`
        }
    };
    let thread = std::thread::Builder::new().name("fluorite-follow".into()).spawn(run);
    let thread = thread.map_err(|e| Error::internal(format!("cannot start threads: {e}")))?;
    *shared.committer.lock() = Some(thread);
    Ok(shared)
}

/// Runs a look so that a panic leaves a store that can still be read, and says so from then on.
pub fn contained<T>(reader: &Reader, look: impl FnOnce() -> Result<T>) -> Result<T> {
    let broken = || Error::Poisoned { cause: "following the log failed inside; what was read before is still served".into() };
    if reader.broken.load(Ordering::Acquire) {
        return Err(broken());
    }
    catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|_| {
        reader.broken.store(true, Ordering::Release);
        Err(broken())
    })
}
