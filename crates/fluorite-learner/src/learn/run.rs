//! One run over a folder.

use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::time::Instant;

use fluorite_memory::{
    BatchResult, ChunkInput, Engine, Error, Event, EventKind, OnError, Pending, Progress, Result, WriteOptions,
};
use rayon::prelude::*;
use serde_json::json;

use super::folder::{self, Listing};
use super::options::LearnOptions;
use super::report::{InvalidFile, LearningReport, RepairedFile};
use super::stored::Stored;
use crate::spike::{Reading, read_spike};

/// Store calls in flight.
const IN_FLIGHT: usize = 8;

/// Stores the spike templates of `options.path` as chunks and deletes the chunks of files that are gone.
///
/// Blocks: call it on a thread of its own, never on one of the engine. Chunks of other folders and of other kinds are
/// never touched. A broken file is repaired or reported, never fatal.
/// # Errors
/// `INVALID_ARGUMENT` when the folder is missing, `ABORTED` after `cancel`, and whatever the engine reports; what was
/// stored until then stays, and the next run goes on from there.
pub fn learn_from_spikes(engine: &Engine, options: &LearnOptions) -> Result<LearningReport> {
    let started = Instant::now();
    let batch = options.batch()?;
    let root = folder::root(options.path.as_deref())?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads())
        .thread_name(|i| format!("fluorite-learn-{i}"))
        .build()
        .map_err(|e| Error::internal(format!("reading threads could not be started: {e}")))?;
    let listing = folder::list(&root, &options.cancel)?;
    let folder = root.to_string_lossy().into_owned();
    let stored = Stored::load(engine, options.namespace(), &folder, &options.cancel)?;
    let mut run = Run {
        engine,
        options,
        root: &root,
        folder,
        stored,
        report: LearningReport { found: listing.files.len() as u64, ..LearningReport::default() },
        started,
        settled: 0,
        in_flight: VecDeque::new(),
        leftovers: Vec::new(),
    };
    let outcome = run.files(&pool, &listing.files, batch).and_then(|()| run.remove(&listing));
    // Nothing is left running behind the caller's back, also after an error.
    for call in run.in_flight.drain(..) {
        drop(call.result.wait());
    }
    let mut report = run.report;
    outcome?;
    report.invalid.extend(listing.skipped);
    report.invalid.sort_by(|a, b| a.file.cmp(&b.file));
    report.repaired.sort_by(|a, b| a.file.cmp(&b.file));
    report.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}

/// What reading one file came to.
enum Outcome {
    Unchanged,
    Read { reading: Box<Reading>, hash: String },
    Invalid(InvalidFile),
}

/// A file on its way into the store.
struct Entry {
    file: String,
    known: bool,
}

struct Call {
    entries: Vec<Entry>,
    result: Pending<BatchResult>,
}

struct Run<'a> {
    engine: &'a Engine,
    options: &'a LearnOptions,
    root: &'a Path,
    folder: String,
    stored: Stored,
    report: LearningReport,
    started: Instant,
    settled: u64,
    in_flight: VecDeque<Call>,
    /// Older chunks of files whose chunk has a new id now.
    leftovers: Vec<String>,
}

impl Run<'_> {
    fn files(&mut self, pool: &rayon::ThreadPool, files: &[String], batch: usize) -> Result<()> {
        let (mut entries, mut chunks) = (Vec::new(), Vec::new());
        self.progress("learning");
        for window in files.chunks(batch * IN_FLIGHT) {
            self.options.cancel.check()?;
            let outcomes: Vec<Outcome> = pool.install(|| window.par_iter().map(|f| self.read(f)).collect());
            self.options.cancel.check()?;
            for (file, outcome) in window.iter().zip(outcomes) {
                if let Some(chunk) = self.take(file, outcome) {
                    entries.push(Entry { file: file.clone(), known: self.stored.files.contains_key(file) });
                    chunks.push(chunk);
                    if chunks.len() == batch {
                        self.send(std::mem::take(&mut entries), std::mem::take(&mut chunks))?;
                    }
                } else {
                    self.settled += 1;
                }
            }
            self.progress("learning");
        }
        if !chunks.is_empty() {
            self.send(entries, chunks)?;
        }
        while !self.in_flight.is_empty() {
            self.settle()?;
        }
        Ok(())
    }

    fn read(&self, file: &str) -> Outcome {
        if self.options.cancel.is_cancelled() {
            return Outcome::Unchanged; // the run ends with ABORTED, its report is not seen
        }
        let bytes = match folder::read(self.root, file) {
            Ok(bytes) => bytes,
            Err(invalid) => return Outcome::Invalid(invalid),
        };
        let hash = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&bytes));
        let known = self.stored.files.get(file).and_then(|k| k.hash.as_deref());
        if self.options.incremental != Some(false) && known == Some(hash.as_str()) {
            return Outcome::Unchanged;
        }
        match read_spike(&bytes) {
            Ok(reading) => Outcome::Read { reading: Box::new(reading), hash },
            Err(e) => Outcome::Invalid(InvalidFile { file: file.to_owned(), offset: e.offset, reason: e.reason }),
        }
    }

    /// The chunk to store, if there is one; everything else goes to the report.
    fn take(&mut self, file: &str, outcome: Outcome) -> Option<ChunkInput> {
        let (reading, hash) = match outcome {
            Outcome::Unchanged => {
                self.report.unchanged += 1;
                return None;
            }
            Outcome::Invalid(invalid) => {
                self.report.invalid.push(invalid);
                return None;
            }
            Outcome::Read { reading, hash } => (reading, hash),
        };
        if let Some(repair) = reading.repaired {
            self.report.repaired.push(RepairedFile { file: file.to_owned(), repair });
        }
        if reading.template.is_generated() && self.options.include_generated != Some(true) {
            self.report.skipped_generated += 1;
            return None;
        }
        let mut chunk = reading.template.to_chunk(file);
        let wish = chunk.id.take().unwrap_or_default();
        chunk.id = Some(self.stored.claim(&wish, file, &self.folder));
        chunk.namespace = Some(self.options.namespace().to_owned());
        let metadata = chunk.metadata.get_or_insert_default();
        metadata.insert("file_hash".into(), json!(hash));
        metadata.insert("folder".into(), json!(self.folder));
        Some(chunk)
    }

    fn send(&mut self, entries: Vec<Entry>, chunks: Vec<ChunkInput>) -> Result<()> {
        while self.in_flight.len() >= IN_FLIGHT {
            self.settle()?;
        }
        for (entry, chunk) in entries.iter().zip(&chunks) {
            let before = self.stored.files.get(&entry.file).map(|k| &k.id);
            if before.is_some_and(|id| Some(id) != chunk.id.as_ref()) {
                self.leftovers.extend(before.cloned());
            }
        }
        let write = WriteOptions {
            embed: self.options.embed,
            on_error: Some(OnError::Collect),
            cancel: self.options.cancel.clone(),
            ..WriteOptions::default()
        };
        self.in_flight.push_back(Call { entries, result: self.engine.store(chunks, write) });
        Ok(())
    }

    /// Waits for the oldest call.
    fn settle(&mut self) -> Result<()> {
        let Some(call) = self.in_flight.pop_front() else { return Ok(()) };
        let result = call.result.wait()?;
        let failed: HashSet<u64> = result.failed.iter().map(|f| f.index).collect();
        for f in result.failed {
            let Some(entry) = usize::try_from(f.index).ok().and_then(|i| call.entries.get(i)) else { continue };
            self.leftovers.retain(|id| self.stored.files.get(&entry.file).is_none_or(|k| k.id != *id));
            self.report.invalid.push(InvalidFile::new(&entry.file, format!("not stored ({}): {}", f.code, f.message)));
        }
        for (i, entry) in call.entries.iter().enumerate() {
            match (failed.contains(&(i as u64)), entry.known) {
                (true, _) => {}
                (false, true) => self.report.updated += 1,
                (false, false) => self.report.stored += 1,
            }
        }
        self.settled += call.entries.len() as u64;
        self.progress("learning");
        Ok(())
    }

    /// Deletes the chunks of files that are gone, and older chunks under another id.
    fn remove(&mut self, listing: &Listing) -> Result<()> {
        let present: HashSet<&str> =
            listing.files.iter().map(String::as_str).chain(listing.skipped.iter().map(|s| s.file.as_str())).collect();
        let unseen = |file: &str| listing.unseen.iter().any(|prefix| file.starts_with(prefix.as_str()));
        let gone: Vec<String> = (self.stored.files.iter())
            .filter(|(file, _)| !present.contains(file.as_str()) && !unseen(file))
            .map(|(_, known)| known.id.clone())
            .collect();
        let others = std::mem::take(&mut self.leftovers);
        let doubles = std::mem::take(&mut self.stored.doubles);
        let all: Vec<String> = gone.iter().cloned().chain(others).chain(doubles).collect();
        for (n, ids) in all.chunks(64).enumerate() {
            self.options.cancel.check()?;
            let calls: Vec<_> = ids.iter().map(|id| self.engine.delete(self.options.namespace(), id)).collect();
            for (i, call) in calls.into_iter().enumerate() {
                let deleted = call.wait()?;
                self.report.removed += u64::from(deleted && n * 64 + i < gone.len());
            }
        }
        self.progress("done");
        Ok(())
    }

    #[allow(clippy::cast_precision_loss)] // figures for people
    fn progress(&self, phase: &'static str) {
        let listened_to = self.engine.has_listeners(EventKind::LearningProgress);
        if self.options.on_progress.is_none() && !listened_to {
            return;
        }
        let seconds = self.started.elapsed().as_secs_f64().max(1e-6);
        let rate = self.settled as f64 / seconds;
        let left = self.report.found.saturating_sub(self.settled) as f64;
        let progress = Progress {
            phase,
            done: self.settled,
            total: Some(self.report.found),
            rate,
            seconds_left: (rate > 0.0).then(|| left / rate),
        };
        if listened_to {
            let namespace = self.options.namespace().to_owned();
            self.engine.publish(Event::LearningProgress { namespace, progress: progress.clone() });
        }
        if let Some(tell) = &self.options.on_progress {
            tell(progress);
        }
    }
}
