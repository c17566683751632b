//! Opening a store: lock, manifest, dictionaries, segments, snapshot, replay.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64};

use fluorite_ml::{Embedder, EmbeddingCache, ModelDir, ModelFolder, Onnx, Runtime};
use parking_lot::{Condvar, Mutex, RwLock};

use super::backlog::Backlog;
use super::commit::Writer;
use super::feedback::FeedbackSide;
use super::graph_list::open_graphs;
use super::graphs::Graphing;
use super::load::Unloaded;
use super::queue::CommitQueue;
use super::reader::Reader;
use super::rekey::Rekeying;
use super::replay::Replay;
use super::shared::Shared;
use super::state::{SegmentUse, State};
use super::strays::{check_newest, remove_strays};
use super::text::{TextItem, TextSide};
use super::text_list::open_texts;
use super::texts::Sealing;
use super::{EngineConfig, reserve, snapshot};
use crate::cache::ChunkCache;
use crate::clock::Clock;
use crate::crypt::{Encryption, EncryptionKey, Vault, save_keys};
use crate::error::{Error, Result, SUPPLIED_MODEL};
use crate::executor::Executor;
use crate::history::SearchHistory;
use crate::index::RowSet;
use crate::log::{Codec, LiveSegment, Manifest, ModelId, Segment, load_dictionary, scan_segment, segment_name};
use crate::query::Lexicon;
use crate::vfs::{Vfs, VfsLock};

/// Bytes of embeddings kept in memory: about 16,000 vectors of 384 dimensions.
const EMBEDDING_CACHE: usize = 32 << 20;

/// Makes the embedder, or says that there is none.
pub type LoadEmbedder = Box<dyn FnOnce() -> Result<Option<Arc<dyn Embedder>>>>;

/// What an engine stands on; tests give a simulated disk, a manual clock, the inline stepper.
pub struct Platform {
    /// Files.
    pub vfs: Arc<dyn Vfs>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where work runs.
    pub executor: Executor,
    /// Called once the store's lock is held.
    pub embedder: LoadEmbedder,
    /// Identity of a store that is created.
    pub new_store: (u128, u64),
}

/// The folders of the model, as `ModelDir` takes them.
pub fn model_folders(config: &EngineConfig) -> Vec<ModelFolder> {
    config.models_paths.iter().map(|p| ModelFolder { path: p.clone(), explicit: true }).collect()
}

/// Loads the model and the runtime library.
pub fn load_embedder(config: &EngineConfig, threads: usize) -> Result<Arc<dyn Embedder>> {
    let model = ModelDir::find(&model_folders(config), &config.embedding_model)?;
    let runtime = Runtime::get(&config.runtime_paths)?;
    Ok(Arc::new(Onnx::load(&model, &runtime, threads)?))
}

/// Creates the folders of a store and makes them durable.
fn make_folders(vfs: &dyn Vfs, root: &Path) -> Result<()> {
    for dir in ["log", "dict", "index"].map(|d| root.join(d)) {
        vfs.create_dir_all(&dir).map_err(|e| Error::io("cannot create", &dir, &e))?;
    }
    vfs.sync_dir(root).map_err(|e| Error::io("cannot sync", root, &e))?;
    if vfs.open(&root.join("MANIFEST"), crate::vfs::OpenMode::Read).is_err() {
        // every level that may be new; a parent that may not be opened existed before us
        for parent in root.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()) {
            match vfs.sync_dir(parent) {
                Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => break,
                other => other.map_err(|e| Error::io("cannot sync", parent, &e))?,
            }
        }
    }
    Ok(())
}

fn take_lock(vfs: &dyn Vfs, root: &Path) -> Result<Box<dyn VfsLock>> {
    let path = root.join("LOCK");
    let owner = std::process::id().to_string();
    match vfs.lock(&path, &owner).map_err(|e| Error::io("cannot lock", &path, &e))? {
        Some(lock) => Ok(lock),
        None => {
            let mut text = [0; 32];
            let pid = vfs.open(&path, crate::vfs::OpenMode::Read).ok().and_then(|f| {
                let n = f.len().ok()?.min(32) as usize;
                f.read_at(&mut text[..n], 0).ok()?;
                std::str::from_utf8(&text[..n]).ok()?.trim().parse().ok()
            });
            Err(Error::StoreLocked { path: root.to_owned(), pid: pid.unwrap_or(0) })
        }
    }
}

/// Opens or creates the store at `config.path`.
pub fn open(config: EngineConfig, platform: Platform) -> Result<Arc<Shared>> {
    let Platform { vfs, clock, executor, embedder, new_store } = platform;
    let root = config.path.clone();
    let history = match &config.history_dir {
        Some(folder) => Some(SearchHistory::new(super::registry::canonical(folder)?, &root)?),
        None => None,
    };
    let lexicon = Lexicon::with(&config.lexicon).map_err(|e| Error::config(format!("memory.{e}")))?;
    make_folders(&*vfs, &root)?;
    let lock = take_lock(&*vfs, &root)?;
    let (key, log_dir) = (config.encryption_key.as_ref(), root.join("log"));
    // a wrong key is told before the model is loaded for nothing
    let found = match Manifest::load(&*vfs, &root)? {
        Some(manifest) => Some((unlocked(Arc::clone(&vfs), &root, &manifest, key)?, manifest)),
        None => None,
    };
    let embedder = embedder()?;
    let (vfs, mut manifest) = match found {
        Some(found) => found,
        None => {
            let manifest = create(&*vfs, &root, &log_dir, new_store, key)?;
            (unlocked(vfs, &root, &manifest, key)?, manifest)
        }
    };
    check_model(&*vfs, &root, &mut manifest, embedder.as_deref())?;
    let codec = Codec::default();
    for id in &manifest.dictionaries {
        codec.add(*id, load_dictionary(&*vfs, &root.join("dict"), *id)?);
    }
    let store_id = manifest.id()?;
    let model_hash = manifest.model.as_ref().map_or(0, |m| xxhash_rust::xxh3::xxh3_64(m.id.as_bytes()));
    let (mut replay, coverage) =
        snapshot::load(&*vfs, &root.join("index"), &manifest).unwrap_or_else(|| (Replay::default(), Vec::new()));
    let covered = |number: u32| coverage.iter().find(|(n, _)| *n == number).map_or(0, |(_, upto)| *upto);
    let mut state = State::default();
    let mut sealed = Vec::with_capacity(manifest.sealed.len());
    let seed = manifest.key_seed;
    for s in &manifest.sealed {
        let segment = Segment::sealed(&*vfs, &log_dir, s.number, s.length, store_id)?;
        if covered(s.number) < s.length {
            let bytes = segment.map().unwrap_or_default();
            let scan = scan_segment(&segment, bytes, covered(s.number), |r| replay.take(seed, model_hash, &r))?;
            if scan.end != s.length {
                return Err(segment.corrupt(scan.end, "a group of a sealed segment does not match its checksum"));
            }
        }
        state.usage.insert(s.number, SegmentUse { total: s.length, ..Default::default() });
        sealed.push((segment.clone(), s.crc));
        state.segments.insert(s.number, segment);
    }
    let from = (covered(manifest.live), manifest.least_live());
    let (live, recovered_tail) =
        LiveSegment::recover(&*vfs, &log_dir, manifest.live, store_id, from, |r| replay.take(seed, model_hash, &r))?;
    state.usage.insert(manifest.live, SegmentUse { total: live.end(), ..Default::default() });
    state.segments.insert(manifest.live, live.segment().clone());
    let next_sequence = replay.next_sequence.max(1);
    // only now, when all that MANIFEST names is there and nothing is newer, is it known to be the latest
    check_newest(&*vfs, &root, &manifest, next_sequence)?;
    remove_strays(&*vfs, &root, &manifest);
    if let Some(encryption) = &manifest.encryption {
        save_keys(&*vfs, &root, store_id, encryption)?;
    }
    let wall = clock.wall_ms();
    replay.build(&mut state, wall, clock.monotonic_ms());
    let asked = state.find_doomed(wall);
    let doomed = !state.doomed.rows.is_empty() || !state.doomed.orphans.is_empty() || !manifest.spoiled.is_empty();
    let reserve_gone = AtomicBool::new(!reserve::ensure(&*vfs, &root));
    replace_supplied(&*vfs, &root, &mut manifest, embedder.as_deref(), &state)?;
    let model_hash = manifest.model.as_ref().map_or(0, |m| xxhash_rust::xxh3::xxh3_64(m.id.as_bytes()));
    let model = (model_hash, manifest.model.as_ref().map(|m| m.dimensions));
    let (list, trouble) = open_graphs(&*vfs, &root.join("index"), store_id, model, next_sequence, &mut state)?;
    let in_graphs = |row: u32| state.vectors.as_ref().is_some_and(|v| v.has(row));
    let vectors: Vec<u32> = state.embedded.iter().filter(|row| !in_graphs(*row)).collect();
    let unloaded: Vec<u32> = state.live.iter().collect();
    let (texts, text_index, text_trouble) = open_texts(&*vfs, &root.join("index"), store_id, next_sequence, &state)?;
    let unsealed = unloaded.iter().filter(|row| !text_index.has(**row));
    let unsealed = unsealed.filter_map(|r| Some(TextItem::Add(*r, state.row(*r)?.sequence))).collect();
    let text = TextSide::new(text_index, Sealing::new(texts, text_trouble));
    text.push(unsealed);
    let late: Vec<(u32, u64)> =
        unloaded.iter().filter(|r| !state.embedded.contains(**r)).filter_map(|r| Some((*r, state.row(*r)?.sequence))).collect();
    let rekeying = Rekeying::of(manifest.encryption.as_ref());
    let parts = Parts {
        config,
        vfs,
        clock,
        executor,
        codec,
        seed,
        store_id,
        dictionary: manifest.dictionary(),
        stage: manifest.stage(),
        spoiled: manifest.spoiled.len() as u32,
        model: manifest.model.clone(),
        state,
        text,
        unloaded: (unloaded, vectors),
        graphing: Graphing::new(list, trouble),
        lexicon,
        history,
        embedder,
        reserve_gone,
        rekeying,
        recovered_tail,
        writer: Some(Writer { live, manifest, store_id, next_sequence }),
        reader: None,
        lock: Some(lock),
    };
    let shared = assemble(parts);
    if doomed {
        shared.purge_later(asked);
    }
    shared.load_ranker();
    shared.recheck(sealed);
    shared.schedule_background();
    shared.embed_later(late);
    Ok(shared)
}

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

/// The files as the key opens them.
pub fn unlocked(vfs: Arc<dyn Vfs>, root: &Path, manifest: &Manifest, key: Option<&EncryptionKey>) -> Result<Arc<dyn Vfs>> {
    let path = root.to_owned();
    match (&manifest.encryption, key) {
        (None, None) => Ok(vfs),
        (None, Some(_)) => Err(Error::NotEncrypted { path }),
        (Some(_), None) => Err(Error::KeyRequired { path }),
        (Some(encryption), Some(key)) => {
            let cipher = encryption.open(key, manifest.id()?)?.ok_or(Error::KeyWrong { path })?;
            Ok(Arc::new(Vault::new(vfs, cipher)))
        }
    }
}

/// A new store: the first segment, then the manifest that names it.
fn create(
    vfs: &dyn Vfs,
    root: &Path,
    log_dir: &Path,
    (store_id, seed): (u128, u64),
    key: Option<&EncryptionKey>,
) -> Result<Manifest> {
    // a log without a manifest is a store that lost it: never start over on top of one
    let orphans = vfs.list(log_dir).map_err(|e| Error::io("cannot list", log_dir, &e))?;
    if orphans.iter().any(|n| n != &segment_name(1)) || has_groups(vfs, log_dir, &orphans)? {
        return Err(Error::Corrupt { path: root.join("MANIFEST"), offset: 0, what: "there is a log, but no manifest".into() });
    }
    let mut manifest = Manifest::new(store_id, seed);
    manifest.encryption = key.map(|key| Encryption::create(key, store_id)).transpose()?;
    LiveSegment::create(vfs, log_dir, manifest.live, store_id)?;
    manifest.save(vfs, root)?;
    Ok(manifest)
}

/// A first segment with anything behind its header is data; a bare header is a creation that was interrupted.
fn has_groups(vfs: &dyn Vfs, log_dir: &Path, names: &[String]) -> Result<bool> {
    for path in names.iter().map(|n| log_dir.join(n)) {
        let len = vfs.open(&path, crate::vfs::OpenMode::Read).and_then(|f| f.len());
        if len.map_err(|e| Error::io("cannot read", &path, &e))? > crate::log::SEGMENT_HEADER as u64 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The store's model and the configured one must be the same; a store without one takes the configured one.
fn check_model(vfs: &dyn Vfs, root: &Path, manifest: &mut Manifest, embedder: Option<&dyn Embedder>) -> Result<()> {
    let Some(e) = embedder else { return Ok(()) };
    match &manifest.model {
        Some(m) if m.id == e.model_id() && m.dimensions == e.dimensions() => Ok(()),
        Some(m) if m.id == SUPPLIED_MODEL => Ok(()), // judged once it is known whether any vector is left
        Some(m) => Err(Error::ModelChanged { stored: m.id.clone(), configured: e.model_id().to_owned() }),
        None => {
            manifest.model = Some(ModelId { id: e.model_id().to_owned(), dimensions: e.dimensions() });
            manifest.save(vfs, root)
        }
    }
}

/// Supplied vectors and the model's do not mix: the model takes over only a store that has none left.
fn replace_supplied(
    vfs: &dyn Vfs,
    root: &Path,
    manifest: &mut Manifest,
    embedder: Option<&dyn Embedder>,
    state: &State,
) -> Result<()> {
    let Some(e) = embedder else { return Ok(()) };
    match &manifest.model {
        Some(m) if m.id == SUPPLIED_MODEL && state.embedded.is_empty() => {
            manifest.model = Some(ModelId { id: e.model_id().to_owned(), dimensions: e.dimensions() });
            manifest.save(vfs, root)
        }
        Some(m) if m.id == SUPPLIED_MODEL => {
            Err(Error::ModelChanged { stored: m.id.clone(), configured: e.model_id().to_owned() })
        }
        _ => Ok(()),
    }
}
