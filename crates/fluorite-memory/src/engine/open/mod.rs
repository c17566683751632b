//! Opening a store: lock, manifest, dictionaries, segments, snapshot, replay.
//!
//! Owns: the order of it (here), the folder (`folder`), the model (`model`), the open store (`assemble`). In: a folder. Out: `Shared`.

mod assemble;
mod folder;
mod model;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fluorite_ml::Embedder;

pub use assemble::{Parts, assemble};
pub use folder::check_no_log;
pub use model::{load_embedder, model_folders};

use self::folder::{create, make_folders, take_lock};
use self::model::{check_model, replace_supplied};
use super::commit::Writer;
use super::graph_list::open_graphs;
use super::graphs::Graphing;
use super::rekey::Rekeying;
use super::replay::Replay;
use super::shared::Shared;
use super::state::{SegmentUse, State};
use super::strays::{check_newest, remove_strays};
use super::text::{TextItem, TextSide};
use super::text_list::open_texts;
use super::texts::Sealing;
use super::{EngineConfig, reserve, snapshot};
use crate::clock::Clock;
use crate::crypt::{EncryptionKey, Vault, save_keys};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::history::SearchHistory;
use crate::log::{Codec, LiveSegment, Manifest, Segment, load_dictionary, scan_segment};
use crate::query::Lexicon;
use crate::vfs::Vfs;

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
    let had_model = manifest.model.is_some();
    check_model(&mut manifest, embedder.as_deref())?;
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
    let next_sequence = replay.next_sequence.max(manifest.next_sequence).max(1);
    // only now, when all that MANIFEST names is there and nothing is newer, is it known to be the latest
    check_newest(&*vfs, &root, &manifest, (&replay, next_sequence), had_model)?;
    if !had_model && manifest.model.is_some() {
        manifest.save(&*vfs, &root)?;
    }
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
