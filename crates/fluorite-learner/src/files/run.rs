//! One run over some paths.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::time::Instant;

use fluorite_memory::{BatchResult, ChunkInput, Engine, Error, LearningCount, Pending, Result, WriteOptions};
use rayon::prelude::*;
use serde_json::json;

use super::cut::{Cuts, cut};
use super::options::FileOptions;
use super::report::FilesReport;
use super::stored::{MARK, Stored};
use super::walk::{self, Listing, Root};
use crate::history::{About, remembered};
use crate::learn::InvalidFile;
use crate::meter::Meter;

/// Files read at once, and store calls in flight.
const STEP: usize = 64;
const IN_FLIGHT: usize = 8;

/// Stores the files of `paths` (files or folders) as chunks and deletes the chunks of files that are gone: code by function and class,
/// Markdown by section, YAML, JSON and TOML by key, other text by paragraph.
///
/// Blocks: call it on a thread of its own, never on one of the engine. The chunks of a file are one batch: a run that dies leaves whole
/// files, and the next one goes on from there. What cannot be read is reported, never fatal. Chunks of other folders are never touched.
/// # Errors
/// `INVALID_ARGUMENT` for a path that is missing or an option out of range, `ABORTED` after `cancel`, and whatever the engine reports;
/// what was stored until then stays.
pub fn learn_from_files(engine: &Engine, paths: &[PathBuf], options: &FileOptions) -> Result<FilesReport> {
    remembered(engine, about(paths, options, true), || learn(engine, paths, options))
}

/// The same for a run that nobody asked for: remembered only when it did something.
pub(crate) fn learn_changed_files(engine: &Engine, paths: &[PathBuf], options: &FileOptions) -> Result<FilesReport> {
    remembered(engine, about(paths, options, false), || learn(engine, paths, options))
}

fn about(paths: &[PathBuf], options: &FileOptions, asked_for: bool) -> About {
    let paths = paths.iter().map(|p| options.name_of(p).unwrap_or_else(|| p.to_string_lossy().into_owned())).collect();
    About { kind: "files", namespace: options.namespace().to_owned(), paths, asked_for }
}

fn learn(engine: &Engine, paths: &[PathBuf], options: &FileOptions) -> Result<FilesReport> {
    let started = Instant::now();
    engine.check_writable()?;
    options.checked(paths.len())?;
    let roots = paths.iter().map(|p| Ok(Root { name: options.name_of(p), ..walk::root(p)? })).collect::<Result<Vec<Root>>>()?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads())
        .thread_name(|i| format!("fluorite-files-{i}"))
        .build()
        .map_err(|e| Error::internal(format!("reading threads could not be started: {e}")))?;
    let mut report = FilesReport::default();
    let mut listings = Vec::with_capacity(roots.len());
    for root in &roots {
        let listing = walk::list(root, options, &options.cancel)?;
        report.found += listing.files.len() as u64;
        listings.push(listing);
    }
    let mut done = 0;
    for (root, listing) in roots.iter().zip(listings) {
        let folder = root.name.clone().unwrap_or_else(|| root.folder.to_string_lossy().into_owned());
        let stored = Stored::load(engine, options.namespace(), &folder, &options.cancel)?;
        let mut run = Run {
            engine,
            options,
            root,
            folder,
            stored,
            report: &mut report,
            meter: Meter { engine, namespace: options.namespace(), on_progress: options.on_progress.as_ref(), started },
            done,
            in_flight: VecDeque::new(),
            stale: Vec::new(),
        };
        let outcome = run.files(&pool, &listing).and_then(|()| run.remove(&listing));
        // Nothing is left running behind the caller's back, also after an error.
        run.in_flight.drain(..).for_each(|call| drop(call.result.wait()));
        done = run.done;
        if let Err(e) = outcome {
            count(engine, &report, started, true);
            return Err(e);
        }
        report.other += listing.other;
        report.invalid.extend(listing.skipped);
    }
    count(engine, &report, started, false);
    report.invalid.sort_by(|a, b| a.file.cmp(&b.file));
    report.unparsed.sort_by(|a, b| a.file.cmp(&b.file));
    report.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}

/// Counts the run in the engine's metrics.
fn count(engine: &Engine, report: &FilesReport, started: Instant, failed: bool) {
    engine.count_learning(&LearningCount {
        files: report.found,
        stored: report.chunks_stored,
        removed: report.chunks_removed,
        invalid: report.invalid.len() as u64,
        took: started.elapsed(),
        failed,
    });
}

/// What reading one file came to.
enum Outcome {
    Unchanged,
    Read { cuts: Cuts, hash: String },
    Invalid(InvalidFile),
}

struct Call {
    file: String,
    was: Was,
    chunks: u64,
    result: Pending<BatchResult>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Was {
    New,
    Known,
    Renamed,
}

struct Run<'a> {
    engine: &'a Engine,
    options: &'a FileOptions,
    root: &'a Root,
    folder: String,
    stored: Stored,
    report: &'a mut FilesReport,
    meter: Meter<'a>,
    done: u64,
    in_flight: VecDeque<Call>,
    /// Ids that no part of their file has any more.
    stale: Vec<String>,
}

impl Run<'_> {
    fn files(&mut self, pool: &rayon::ThreadPool, listing: &Listing) -> Result<()> {
        let gone = self.gone(listing);
        self.progress("learning");
        for step in listing.files.chunks(STEP) {
            self.options.cancel.check()?;
            let outcomes: Vec<Outcome> = pool.install(|| step.par_iter().map(|f| self.read(f)).collect());
            self.options.cancel.check()?;
            for (file, outcome) in step.iter().zip(outcomes) {
                match outcome {
                    Outcome::Unchanged => {
                        self.report.unchanged += 1;
                        self.done += 1;
                    }
                    Outcome::Invalid(invalid) => {
                        self.report.invalid.push(invalid);
                        self.done += 1;
                    }
                    // nothing of it is stored, so nothing could remember it: it is new at no run
                    Outcome::Read { cuts, .. } if cuts.cuts.is_empty() && !self.stored.files.contains_key(file) => {
                        self.report.empty += 1;
                        self.done += 1;
                    }
                    Outcome::Read { cuts, hash } => self.send(file, cuts, &hash, &gone)?,
                }
            }
            self.progress("learning");
        }
        while !self.in_flight.is_empty() {
            self.settle()?;
        }
        Ok(())
    }

    /// Files of the store that are not in the folder any more, by hash of their content.
    fn gone(&self, listing: &Listing) -> HashMap<String, String> {
        if self.root.file.is_some() {
            return HashMap::new();
        }
        let mut gone: Vec<(&String, &str)> =
            self.stored.files.iter().filter(|(f, _)| is_gone(listing, f)).filter_map(|(f, k)| Some((f, k.hash()?))).collect();
        gone.sort_unstable();
        gone.into_iter().rev().map(|(f, hash)| (hash.to_owned(), f.clone())).collect()
    }

    fn read(&self, file: &str) -> Outcome {
        if self.options.cancel.is_cancelled() {
            return Outcome::Unchanged; // the run ends with ABORTED, its report is not seen
        }
        let text = match walk::read(&self.root.folder, file, self.options.max_file_bytes()) {
            Ok(text) => text,
            Err(invalid) => return Outcome::Invalid(invalid),
        };
        let hash = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes()));
        let known = self.stored.files.get(file).and_then(|k| k.hash());
        if self.options.incremental != Some(false) && known == Some(hash.as_str()) {
            return Outcome::Unchanged;
        }
        match cut(file, &text, self.options.max_tokens()) {
            Ok(cuts) => Outcome::Read { cuts, hash },
            Err(why) => Outcome::Invalid(InvalidFile::new(file, why)),
        }
    }

    fn send(&mut self, file: &str, Cuts { cuts, unparsed }: Cuts, hash: &str, gone: &HashMap<String, String>) -> Result<()> {
        while self.in_flight.len() >= IN_FLIGHT {
            self.settle()?;
        }
        self.report.unparsed.extend(unparsed.map(|why| InvalidFile::new(file, why)));
        let mut was = if self.stored.files.contains_key(file) { Was::Known } else { Was::New };
        let mut renamed = None;
        if was == Was::New
            && let Some(from) = gone.get(hash)
            && let Some(known) = self.stored.rename(from, file)
        {
            was = Was::Renamed;
            renamed = Some(known);
        }
        let mut chunks: Vec<ChunkInput> = Vec::with_capacity(cuts.len());
        let mut ids = BTreeSet::new();
        for (part, c) in cuts.into_iter().enumerate() {
            let kept = renamed.as_ref().and_then(|k| k.ids.get(&(part as u64))?.first().cloned());
            let id = kept.unwrap_or_else(|| self.stored.claim(&format!("file:{file}#{}", c.anchor), file, &self.folder));
            ids.insert(id.clone());
            let mut chunk = c.chunk;
            chunk.id = Some(id);
            chunk.namespace = Some(self.options.namespace().to_owned());
            let metadata = chunk.metadata.get_or_insert_default();
            metadata.insert("folder".into(), json!(self.folder));
            metadata.insert("file_hash".into(), json!(hash));
            metadata.insert(MARK.0.into(), json!(MARK.1));
            chunks.push(chunk);
        }
        let before = renamed.as_ref().or_else(|| self.stored.files.get(file));
        self.stale.extend(before.into_iter().flat_map(super::stored::Known::all).filter(|id| !ids.contains(*id)).cloned());
        let count = chunks.len() as u64;
        let write = WriteOptions {
            embed: self.options.embed,
            atomic: Some(true),
            auto_split: Some(false), // files are cut already
            cancel: self.options.cancel.clone(),
            ..WriteOptions::default()
        };
        let result = self.engine.store(chunks, write);
        self.in_flight.push_back(Call { file: file.to_owned(), was, chunks: count, result });
        Ok(())
    }

    /// Waits for the oldest call.
    fn settle(&mut self) -> Result<()> {
        let Some(call) = self.in_flight.pop_front() else { return Ok(()) };
        match call.result.wait() {
            Ok(_) => {
                self.report.chunks_stored += call.chunks;
                match call.was {
                    Was::New => self.report.stored += 1,
                    Was::Known => self.report.updated += 1,
                    Was::Renamed => self.report.renamed += 1,
                }
            }
            // what is wrong with one file's text does not end the run
            Err(e @ (Error::ChunkTooLarge { .. } | Error::InvalidArgument { .. } | Error::InvalidId { .. })) => {
                self.report.invalid.push(InvalidFile::new(&call.file, format!("not stored ({}): {e}", e.code())));
            }
            Err(e) => return Err(e),
        }
        self.done += 1;
        self.progress("learning");
        Ok(())
    }

    /// Deletes the chunks of files that are gone, and of parts that files no longer have.
    fn remove(&mut self, listing: &Listing) -> Result<()> {
        let mut all = std::mem::take(&mut self.stale);
        if self.root.file.is_none() {
            let mut gone: Vec<&String> = self.stored.files.keys().filter(|f| is_gone(listing, f)).collect();
            gone.sort_unstable();
            self.report.removed += gone.len() as u64;
            all.extend(gone.iter().filter_map(|f| self.stored.files.get(*f)).flat_map(|k| k.all().cloned()));
        }
        for ids in all.chunks(64) {
            self.options.cancel.check()?;
            let calls: Vec<_> = ids.iter().map(|id| self.engine.delete(self.options.namespace(), id)).collect();
            for call in calls {
                self.report.chunks_removed += u64::from(call.wait()?);
            }
        }
        self.progress("done");
        Ok(())
    }

    fn progress(&self, phase: &'static str) {
        self.meter.tell(phase, self.done, self.report.found);
    }
}

/// Not in the folder, and not in a part of it that could not be seen.
fn is_gone(listing: &Listing, file: &str) -> bool {
    listing.files.binary_search_by(|f| f.as_str().cmp(file)).is_err()
        && !listing.skipped.iter().any(|s| s.file == file)
        && !listing.unseen.iter().any(|prefix| file.starts_with(prefix.as_str()))
}
