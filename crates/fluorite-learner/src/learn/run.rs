//! One run over a folder.

use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::time::Instant;

use fluorite_memory::{BatchResult, ChunkInput, Engine, Error, LearningCount, OnError, Pending, Result, WriteOptions};
use rayon::prelude::*;
use serde_json::json;

use super::folder::{self, Listing};
use super::options::LearnOptions;
use super::report::{InvalidFile, LearningReport, QualityReport, RepairedFile};
use super::stored::Stored;
use super::survey::{Survey, Surveyor};
use crate::frameworks::of_template;
use crate::history::{About, remembered};
use crate::meter::Meter;
use crate::quality::{Quality, is_generated, score};
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
    remembered(engine, about(options, true), || learn(engine, options))
}

/// The same for a run that nobody asked for: remembered only when it did something.
pub(crate) fn learn_changed_spikes(engine: &Engine, options: &LearnOptions) -> Result<LearningReport> {
    remembered(engine, about(options, false), || learn(engine, options))
}

fn about(options: &LearnOptions, asked_for: bool) -> About {
    let paths = options.path.iter().map(|p| p.to_string_lossy().into_owned()).collect();
    About { kind: "spikes", namespace: options.namespace().to_owned(), paths, asked_for }
}

fn learn(engine: &Engine, options: &LearnOptions) -> Result<LearningReport> {
    let started = Instant::now();
    engine.check_writable()?;
    let batch = options.batch()?;
    let threshold = options.threshold()?;
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
        threshold,
        report: LearningReport {
            found: listing.files.len() as u64,
            quality: QualityReport { threshold, ..QualityReport::default() },
            ..LearningReport::default()
        },
        learned: vec![None; listing.files.len()],
        dropped: Vec::new(),
        meter: Meter { engine, namespace: options.namespace(), on_progress: options.on_progress.as_ref(), started },
        settled: 0,
        in_flight: VecDeque::new(),
        leftovers: Vec::new(),
    };
    let surveyor = Surveyor { root: &root, files: &listing.files, options };
    let outcome = surveyor.survey(&pool, &mut |done| run.told("reading", done)).and_then(|survey| {
        run.report.duplicates = survey.duplicates;
        run.rename(&listing, &survey);
        run.files(&pool, &listing.files, batch, &survey)?;
        run.remove(&listing)?;
        if options.patterns != Some(false) {
            run.told("patterns", run.settled);
            let good = |l: Option<(String, f32)>| l.filter(|(_, quality)| *quality >= threshold);
            let learned: Vec<_> = std::mem::take(&mut run.learned).into_iter().map(good).collect();
            (run.report.patterns, run.report.combinations) = surveyor.draw(&pool, &survey, &learned)?;
        }
        run.told("done", run.settled);
        Ok(())
    });
    // Nothing is left running behind the caller's back, also after an error.
    for call in run.in_flight.drain(..) {
        drop(call.result.wait());
    }
    let mut report = run.report;
    engine.count_learning(&LearningCount {
        files: report.found,
        stored: report.stored + report.updated,
        removed: report.removed,
        invalid: report.invalid.len() as u64,
        took: started.elapsed(),
        failed: outcome.is_err(),
    });
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
    Read { reading: Box<Reading>, hash: String, quality: Option<Quality> },
    Invalid(InvalidFile),
}

/// A file on its way into the store.
struct Entry {
    file: String,
    known: bool,
    /// Its place among the files.
    place: usize,
    id: String,
    quality: f32,
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
    threshold: f32,
    report: LearningReport,
    /// By place: id and quality of the chunk a file has in the store.
    learned: Vec<Option<(String, f32)>>,
    /// Chunks of files that are no longer good enough.
    dropped: Vec<String>,
    meter: Meter<'a>,
    settled: u64,
    in_flight: VecDeque<Call>,
    /// Older chunks of files whose chunk has a new id now.
    leftovers: Vec<String>,
}

impl Run<'_> {
    /// Lets renamed files keep their chunks.
    fn rename(&mut self, listing: &Listing, survey: &Survey) {
        let mut gone = self.gone(listing);
        let new: Vec<(&str, String)> = (listing.files.iter().enumerate())
            .filter(|(_, file)| !self.stored.files.contains_key(*file))
            .filter(|(place, _)| self.options.include_generated == Some(true) || !survey.is_generated(*place)) // those are not stored
            .filter_map(|(place, file)| Some((file.as_str(), survey.hash(place)?)))
            .collect();
        self.stored.rename(&mut gone, new.iter().map(|(file, hash)| (*file, hash.as_str())));
    }

    /// Files of this folder that have a chunk and are not there any more.
    fn gone(&self, listing: &Listing) -> Vec<String> {
        let present: HashSet<&str> =
            listing.files.iter().map(String::as_str).chain(listing.skipped.iter().map(|s| s.file.as_str())).collect();
        let unseen = |file: &str| listing.unseen.iter().any(|prefix| file.starts_with(prefix.as_str()));
        self.stored.files.keys().filter(|file| !present.contains(file.as_str()) && !unseen(file)).cloned().collect()
    }

    fn files(&mut self, pool: &rayon::ThreadPool, files: &[String], batch: usize, survey: &Survey) -> Result<()> {
        let (mut entries, mut chunks) = (Vec::new(), Vec::new());
        self.progress("learning");
        for (n, window) in files.chunks(batch * IN_FLIGHT).enumerate() {
            let first = n * batch * IN_FLIGHT;
            self.options.cancel.check()?;
            let one = |(i, f): (usize, &String)| self.read(f, survey, first + i);
            let outcomes: Vec<Outcome> = pool.install(|| window.par_iter().enumerate().map(one).collect());
            self.options.cancel.check()?;
            for (i, (file, outcome)) in window.iter().zip(outcomes).enumerate() {
                if let Some(chunk) = self.take(file, first + i, outcome, survey) {
                    entries.push(Entry {
                        file: file.clone(),
                        known: self.stored.files.contains_key(file),
                        place: first + i,
                        id: chunk.id.clone().unwrap_or_default(),
                        quality: chunk.quality_score.unwrap_or(0.5),
                    });
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

    fn read(&self, file: &str, survey: &Survey, place: usize) -> Outcome {
        if self.options.cancel.is_cancelled() {
            return Outcome::Unchanged; // the run ends with ABORTED, its report is not seen
        }
        let known = self.stored.files.get(file).and_then(|k| k.hash.as_deref());
        let surveyed = survey.hash(place);
        if self.options.incremental != Some(false) && surveyed.is_some() && known == surveyed.as_deref() {
            return Outcome::Unchanged;
        }
        let bytes = match folder::read(self.root, file) {
            Ok(bytes) => bytes,
            Err(invalid) => return Outcome::Invalid(invalid),
        };
        let hash = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&bytes));
        match read_spike(&bytes) {
            Ok(reading) => {
                let generated = is_generated(&reading.template);
                let judged = !generated || self.options.include_generated == Some(true);
                let quality = judged.then(|| score(&reading.template, survey.alike(place)));
                Outcome::Read { reading: Box::new(reading), hash, quality }
            }
            Err(e) => Outcome::Invalid(InvalidFile { file: file.to_owned(), offset: e.offset, reason: e.reason }),
        }
    }

    /// The chunk to store, if there is one; everything else goes to the report.
    fn take(&mut self, file: &str, place: usize, outcome: Outcome, survey: &Survey) -> Option<ChunkInput> {
        let (reading, hash, quality) = match outcome {
            Outcome::Unchanged => {
                self.report.unchanged += 1;
                if let Some(known) = self.stored.files.get(file) {
                    if !survey.is_generated(place) {
                        self.report.quality.scores.add(known.quality);
                    }
                    self.learned[place] = Some((known.id.clone(), known.quality));
                }
                return None;
            }
            Outcome::Invalid(invalid) => {
                self.report.invalid.push(invalid);
                return None;
            }
            Outcome::Read { reading, hash, quality } => (reading, hash, quality),
        };
        if let Some(repair) = reading.repaired {
            self.report.repaired.push(RepairedFile { file: file.to_owned(), repair });
        }
        let Some(quality) = quality else {
            self.report.skipped_generated += 1;
            return None;
        };
        if !is_generated(&reading.template) {
            self.report.quality.scores.add(quality.score);
            if quality.score < self.threshold && self.options.skip_low_quality == Some(true) {
                self.report.skipped_low_quality += 1;
                // its chunk says what the file no longer does
                self.dropped.extend(self.stored.files.get(file).map(|k| k.id.clone()));
                return None;
            }
        }
        let mut chunk = reading.template.to_chunk(file);
        let wish = chunk.id.take().unwrap_or_default();
        chunk.id = Some(self.stored.claim(&wish, file, &self.folder));
        chunk.namespace = Some(self.options.namespace().to_owned());
        chunk.quality_score = Some(quality.score);
        let metadata = chunk.metadata.get_or_insert_default();
        metadata.insert("quality".into(), quality.explained());
        metadata.insert("uses".into(), json!(of_template(&reading.template)));
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
            auto_split: Some(false), // a template is one chunk
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
                (true, _) => continue,
                (false, true) => self.report.updated += 1,
                (false, false) => self.report.stored += 1,
            }
            self.learned[entry.place] = Some((entry.id.clone(), entry.quality));
        }
        self.settled += call.entries.len() as u64;
        self.progress("learning");
        Ok(())
    }

    /// Deletes the chunks of files that are gone, and older chunks under another id.
    fn remove(&mut self, listing: &Listing) -> Result<()> {
        let gone: Vec<String> = (self.gone(listing).iter())
            .filter_map(|file| Some(self.stored.files.get(file)?.id.clone()))
            .chain(std::mem::take(&mut self.dropped))
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
        Ok(())
    }

    fn progress(&self, phase: &'static str) {
        self.told(phase, self.settled);
    }

    fn told(&self, phase: &'static str, done: u64) {
        self.meter.tell(phase, done, self.report.found);
    }
}
