//! Taking feedback, and letting what was learned from it rank.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::{Mutex, RwLock};

use super::shared::Shared;
use super::state::State;
use crate::chunk::{Chunk, ChunkInput, Content};
use crate::error::{Error, Result};
use crate::feedback::{
    DomainStats, EventFile, Feedback, FeedbackEvent, FeedbackKind, FeedbackStats, LearningRun, Ranker, Tallies, add_run,
    load_runs, stored,
};
use crate::time::format_iso;
use crate::vfs::OpenMode;
use crate::whole::{self, piece_id};

/// The file of events, opened with the first need.
#[derive(Default)]
pub struct Events {
    opened: bool,
    pub file: Option<EventFile>,
}

/// Feedback of an open store.
#[derive(Default)]
pub struct FeedbackSide {
    pub events: Mutex<Events>,
    /// What ranks now.
    pub ranker: RwLock<Arc<Ranker>>,
    /// Read from the events with the first search that is ranked by them.
    tallies: RwLock<Option<Arc<RwLock<Tallies>>>>,
    /// Held by the training that runs.
    pub training: Mutex<()>,
    /// Held while the file of learning runs is read or written.
    runs: Mutex<()>,
    /// Why the weights could not be read: searches go on without.
    pub failure: Mutex<Option<String>>,
}

impl Shared {
    /// Folder of events and weights.
    pub fn feedback_dir(&self) -> PathBuf {
        self.config.path.join("feedback")
    }

    /// Reads the learned weights. Damage costs the learned ranking, not the store.
    pub fn load_ranker(&self) {
        match Ranker::load(&*self.vfs, &self.feedback_dir()) {
            Ok(ranker) => *self.feedback.ranker.write() = Arc::new(ranker),
            Err(e) => *self.feedback.failure.lock() = Some(e.to_string()),
        }
    }

    /// The file of events, if there is one.
    pub fn open_events<'a>(&self, events: &'a mut Events) -> Result<&'a mut Option<EventFile>> {
        if !events.opened {
            let open = if self.reader.is_some() { EventFile::peek } else { EventFile::open };
            events.file = open(&*self.vfs, &self.feedback_dir(), self.store_id)?;
            events.opened = true;
        }
        Ok(&mut events.file)
    }

    /// Events and weights are read again when they are needed: another process may have changed them.
    pub fn reread_feedback(&self) {
        let mut events = self.feedback.events.lock();
        *events = Events::default();
        *self.feedback.tallies.write() = None;
        *self.feedback.failure.lock() = None;
        drop(events);
        self.load_ranker();
    }

    /// All events, oldest first.
    pub fn events(&self) -> Result<Vec<Arc<FeedbackEvent>>> {
        let mut events = self.feedback.events.lock();
        Ok(self.open_events(&mut events)?.as_ref().map(|f| f.events.clone()).unwrap_or_default())
    }

    /// What all feedback says about each chunk; nothing when the events cannot be read (`health` says so).
    pub fn tallies(&self) -> Arc<RwLock<Tallies>> {
        if let Some(known) = &*self.feedback.tallies.read() {
            return Arc::clone(known);
        }
        let mut events = self.feedback.events.lock(); // nobody adds one meanwhile
        let mut slot = self.feedback.tallies.write();
        if let Some(known) = &*slot {
            return Arc::clone(known);
        }
        let tallies = match self.open_events(&mut events) {
            Ok(file) => Tallies::of(file.iter().flat_map(|f| f.events.iter())),
            Err(e) => {
                self.feedback.failure.lock().get_or_insert_with(|| e.to_string());
                Tallies::default()
            }
        };
        Arc::clone(slot.insert(Arc::new(RwLock::new(tallies))))
    }

    /// The events feedback becomes, and the new versions its corrections ask for.
    pub fn read_feedback(&self, feedback: &[Feedback]) -> Result<(Vec<FeedbackEvent>, Vec<ChunkInput>)> {
        self.expire_due();
        let now = self.clock.wall_ms();
        let state = self.state.read();
        let (mut events, mut corrected) = (Vec::with_capacity(feedback.len()), Vec::new());
        for f in feedback {
            let missing = || Error::NotFound {
                what: format!("the chunk {:?} of the feedback (namespace {:?})", f.chunk_id, f.namespace()),
            };
            let Some((_, r)) = state.find(self.key(f.namespace(), &f.chunk_id)) else {
                return Err(self.in_pieces(&state, f).unwrap_or_else(missing));
            };
            events.push(stored(f, r.version, now));
            if let (FeedbackKind::Correction, Some(text)) = (f.kind, &f.correction) {
                corrected.push(new_version(&*self.load(&state, r)?, text, now));
            }
        }
        Ok((events, corrected))
    }

    /// What to do instead when feedback names a text that is stored in pieces.
    fn in_pieces(&self, state: &State, f: &Feedback) -> Option<Error> {
        let (_, r) = state.find(self.key(f.namespace(), &piece_id(&f.chunk_id, 1)))?;
        let chunk = self.load_aside(state, r).ok()?;
        let parts = whole::place(&chunk).filter(|place| place.parent == f.chunk_id)?.parts;
        Some(Error::argument(format!(
            "{:?} is stored in {parts} pieces, and feedback is about the one that was found: give the id of that hit, {:?} to {:?}",
            f.chunk_id,
            piece_id(&f.chunk_id, 1),
            piece_id(&f.chunk_id, parts)
        )))
    }

    /// Takes out what was said about chunks of these keys in the lives that are over.
    pub fn forget_feedback(&self, keys: &HashSet<u128>) -> Result<()> {
        // before `events`: a search holds the state when it asks for them
        let born: HashMap<u128, (i64, u32)> = {
            let state = self.state.read();
            keys.iter().filter_map(|key| Some((*key, state.find(*key).map(|(_, r)| (r.created_at, r.version))?))).collect()
        };
        let mut events = self.feedback.events.lock();
        let Some(file) = self.open_events(&mut events)? else { return Ok(()) };
        let keep = |e: &FeedbackEvent| {
            let key = self.key(&e.namespace, &e.chunk_id);
            // of this life: after its creation, or in the same millisecond about what it is now
            let now = |(born, version): &(i64, u32)| e.at > *born || (e.at == *born && e.version == *version);
            !keys.contains(&key) || born.get(&key).is_some_and(now)
        };
        let replaced = file.retain(&*self.vfs, &self.feedback_dir(), keep);
        if !matches!(replaced, Ok(false)) {
            *self.feedback.tallies.write() = None;
        }
        replaced.map(|_| ())
    }

    /// Makes events durable. What was said about a chunk that has died meanwhile is passed over.
    pub fn append_events(&self, new: Vec<FeedbackEvent>) -> Result<()> {
        self.check_poison()?;
        let (new, mut events) = loop {
            let purges = self.purges.load(Ordering::Acquire);
            let alive: Vec<FeedbackEvent> = {
                let state = self.state.read();
                new.iter().filter(|e| state.find(self.key(&e.namespace, &e.chunk_id)).is_some()).cloned().collect()
            };
            let events = self.feedback.events.lock();
            // a purge that begins now waits for the lock, and takes out what is appended here
            if self.purges.load(Ordering::Acquire) == purges {
                break (alive, events);
            }
        };
        if new.is_empty() {
            return Ok(());
        }
        if self.open_events(&mut events)?.is_none() {
            events.file = Some(EventFile::create(&*self.vfs, &self.feedback_dir(), self.store_id)?);
        }
        let Some(file) = &mut events.file else { return Err(Error::internal("the file of events is gone")) };
        file.sync_name(&*self.vfs, &self.feedback_dir())?;
        if let Err(e) = file.append(new.clone()) {
            if matches!(e, Error::Poisoned { .. }) {
                self.poison(&e);
            }
            return Err(e);
        }
        if let Some(tallies) = &*self.feedback.tallies.read() {
            let mut tallies = tallies.write();
            new.iter().for_each(|e| tallies.add(e));
        }
        Ok(())
    }

    /// Figures.
    pub fn feedback_stats(&self) -> Result<FeedbackStats> {
        let mut events = self.feedback.events.lock();
        let file = self.open_events(&mut events)?;
        let (count, damaged) = file.as_ref().map_or((0, 0), |f| (f.events.len() as u64, f.damaged.len() as u64));
        let mut kinds = BTreeMap::new();
        for event in file.iter().flat_map(|f| f.events.iter()) {
            *kinds.entry(event.kind).or_default() += 1;
        }
        let ranker = Arc::clone(&self.feedback.ranker.read());
        let domains = ranker.domains.iter().map(|(name, d)| DomainStats {
            domain: name.clone(),
            weights: d.weights.len() as u64,
            shared: d.shared,
            events: d.events,
            accuracy_before: d.accuracy.0,
            accuracy_after: d.accuracy.1,
            trained_at: format_iso(d.trained_at),
        });
        let size = |name: &str| self.vfs.open(&self.feedback_dir().join(name), OpenMode::Read).and_then(|f| f.len()).unwrap_or(0);
        let bytes = size("events") + size("weights");
        Ok(FeedbackStats { events: count, kinds, bytes, damaged, domains: domains.collect() })
    }

    /// Remembers a run of learning.
    pub fn add_learning_run(&self, run: LearningRun) -> Result<()> {
        self.check_poison()?;
        let _alone = self.feedback.runs.lock();
        add_run(&*self.vfs, &self.feedback_dir(), run)
    }

    /// The last runs of learning, oldest first.
    pub fn learning_runs(&self) -> Result<Vec<LearningRun>> {
        let _alone = self.feedback.runs.lock();
        load_runs(&*self.vfs, &self.feedback_dir())
    }
}

/// The chunk with another text, everything else as it was.
fn new_version(chunk: &Chunk, text: &str, now: i64) -> ChunkInput {
    let a = chunk.attributes.clone();
    #[allow(clippy::cast_precision_loss)] // milliseconds of a lifetime
    let ttl_seconds = chunk.expires_at.map(|at| (at - now).max(1) as f64 / 1e3);
    ChunkInput {
        id: Some(chunk.id.clone()),
        content: Content(text.as_bytes().to_vec()),
        frameworks: Some(a.frameworks),
        tags: Some(a.tags),
        quality_score: Some(a.quality_score),
        chunk_type: Some(a.chunk_type),
        memory_type: Some(a.memory_type),
        language: a.language,
        source: a.source,
        namespace: Some(chunk.namespace.clone()),
        metadata: Some(a.metadata),
        embedding: None,
        ttl_seconds,
        pinned: Some(a.pinned),
    }
}
