//! The loop of a watch.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use fluorite_memory::{Engine, Error, Progress, Result};
use serde::Serialize;

use super::WatchOptions;
use super::eyes::Eyes;
use super::poll::fingerprint;
use super::target::{Kind, Target, is_gone, is_idle};
use crate::files::{FilesReport, learn_changed_files};
use crate::learn::{LearnOptions, LearningReport, learn_changed_spikes};

/// How often the end is looked for while nothing happens.
const TICK: Duration = Duration::from_millis(100);
/// A run that failed is tried again after this, then twice as late each time, up to the second.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Why a run failed; the watch goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WatchFailure {
    /// Stable code of the error.
    pub code: &'static str,
    /// What happened and what to do.
    pub message: String,
}

/// The report of a run, by what was learned.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum WatchReport {
    /// Of a folder of spikes.
    Spikes(Box<LearningReport>),
    /// Of files.
    Files(FilesReport),
}

/// What a watch tells. Phases: those of the runs; `done` with the report of one, `failed` with its error; `watching` once everything that
/// was there is learned: changes from then on are seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WatchProgress {
    /// Of the run.
    #[serde(flatten)]
    pub progress: Progress,
    /// `spikes` or `files`; `None` with `watching`.
    pub kind: Option<&'static str>,
    /// Where its chunks go.
    pub namespace: String,
    /// The folder or file, as it was given; `None` with `watching`.
    pub path: Option<PathBuf>,
    /// With `done`.
    pub report: Option<WatchReport>,
    /// With `failed`. The run is tried again.
    pub error: Option<WatchFailure>,
}

/// Is told of progress; from several threads, one at a time.
pub type WatchFn = Arc<dyn Fn(WatchProgress) + Send + Sync>;

/// Learns folders and files, then what changes in them, until `cancel` or the close of the store.
///
/// Blocks: call it on a thread of its own. New, changed, renamed and deleted files are learned as by a run of `learn_from_spikes` or
/// `learn_from_files`, after a pause of `debounce_ms`. A file that cannot be read is in the report; a run that fails is told and tried
/// again. Cost: a watch per folder (Linux), and for each burst of changes a run over the folder it happened in.
/// # Errors
/// `INVALID_ARGUMENT` for a path that is missing at the start or an option out of range, `IO` when the system gives no watches (with what to
/// do), and errors of a store that takes no writes any more.
pub fn watch(engine: &Engine, options: WatchOptions, tell: &WatchFn) -> Result<()> {
    let options = options.checked()?;
    let targets = Target::all(&options)?;
    let (mut eyes, told) = Eyes::open(&options)?;
    for target in &targets {
        eyes.follow(target, &options)?; // before the first run: nothing is missed in between
    }
    let due = targets.into_iter().map(|target| Due { target, at: Some(Instant::now()), failures: 0, seen: 0 }).collect();
    let mut run = Run { engine, options: &options, tell, eyes, due, ready: false };
    loop {
        if options.cancel.is_cancelled() {
            return Ok(());
        }
        match run.learn() {
            Err(Error::Aborted | Error::Closed) => return Ok(()),
            other => other?,
        }
        run.wait(&told);
    }
}

struct Due {
    target: Target,
    /// When it is to be learned.
    at: Option<Instant>,
    failures: u32,
    /// As the last run found it, where changes are looked for.
    seen: u64,
}

struct Run<'a> {
    engine: &'a Engine,
    options: &'a WatchOptions,
    tell: &'a WatchFn,
    eyes: Eyes,
    due: Vec<Due>,
    ready: bool,
}

impl Run<'_> {
    /// Learns what is due.
    fn learn(&mut self) -> Result<()> {
        for i in 0..self.due.len() {
            if self.due[i].at.is_none_or(|at| at > Instant::now()) {
                continue;
            }
            self.due[i].at = None;
            self.options.cancel.check()?;
            match self.one(i) {
                Ok(()) => self.due[i].failures = 0,
                Err(
                    e
                    @ (Error::Aborted | Error::Closed | Error::Poisoned { .. } | Error::ReadOnly { .. } | Error::Corrupt { .. }),
                ) => return Err(e),
                Err(e) => self.failed(i, &e),
            }
        }
        if !self.ready && self.due.iter().all(|d| d.at.is_none() || d.failures > 0) {
            self.ready = true;
            self.told(None, nothing("watching"), None, None);
        }
        Ok(())
    }

    fn one(&mut self, i: usize) -> Result<()> {
        let o = self.options;
        if o.poll_interval_ms.is_some() {
            self.due[i].seen = fingerprint(&self.due[i].target, o, &o.cancel); // before the run: what changes meanwhile is seen next time
        }
        let target = &self.due[i].target;
        self.eyes.follow(target, o)?;
        let (kind, path, tell) = (name(target.kind), target.path.clone(), Arc::clone(self.tell));
        let namespace = namespace(o, target.kind).to_owned();
        let pass_on = Arc::new(move |progress: Progress| {
            // the end is told with the report
            if progress.phase != "done" {
                let (namespace, path) = (namespace.clone(), Some(path.clone()));
                tell(WatchProgress { progress, kind: Some(kind), namespace, path, report: None, error: None });
            }
        });
        let report = match target.kind {
            Kind::Spikes => {
                let path = Some(target.path.clone());
                let options =
                    LearnOptions { path, cancel: o.cancel.clone(), on_progress: Some(pass_on), ..o.spike_options.clone() };
                WatchReport::Spikes(Box::new(learn_changed_spikes(self.engine, &options)?))
            }
            Kind::Files => {
                let mut options = o.file_options.clone();
                options.cancel = o.cancel.clone();
                options.on_progress = Some(pass_on);
                WatchReport::Files(learn_changed_files(self.engine, std::slice::from_ref(&target.path), &options)?)
            }
        };
        self.told(Some(i), finished(&report), Some(report), None);
        Ok(())
    }

    fn failed(&mut self, i: usize, e: &Error) {
        let due = &mut self.due[i];
        let wait = RETRY.0.saturating_mul(2u32.saturating_pow(due.failures)).min(RETRY.1);
        due.failures = due.failures.saturating_add(1);
        due.at = Some(Instant::now() + wait);
        let folder = due.target.root.folder.clone();
        if !folder.is_dir() {
            self.eyes.forget(&folder); // if it comes back, it is another one
        }
        self.told(Some(i), nothing("failed"), None, Some(WatchFailure { code: e.code(), message: e.to_string() }));
    }

    /// Until changes have been found, a retry is due, or the end.
    fn look(&mut self, interval: Duration) {
        let next = Instant::now() + interval;
        loop {
            let until = self.due.iter().filter_map(|d| d.at).min().unwrap_or(next).min(next);
            let now = Instant::now();
            if until <= now || self.options.cancel.is_cancelled() {
                break;
            }
            std::thread::sleep(TICK.min(until - now));
        }
        for due in &mut self.due {
            if due.at.is_none() && fingerprint(&due.target, self.options, &self.options.cancel) != due.seen {
                due.at = Some(Instant::now());
            }
        }
    }

    /// Until changes have come and paused, a retry is due, or the end.
    fn wait(&mut self, told: &Receiver<notify::Result<notify::Event>>) {
        if let Some(n) = self.options.poll_interval_ms {
            return self.look(Duration::from_millis(n));
        }
        let quiet = self.options.debounce();
        let mut first: Option<Instant> = None;
        let mut last = Instant::now();
        while !self.options.cancel.is_cancelled() {
            let now = Instant::now();
            let until = match first {
                Some(first) => (last + quiet).min(first + quiet * 10),
                None => self.due.iter().filter_map(|d| d.at).min().unwrap_or(now + TICK),
            };
            if until <= now {
                return;
            }
            match told.recv_timeout(TICK.min(until - now)) {
                Ok(event) if self.concerns(&event) => {
                    last = Instant::now();
                    first.get_or_insert(last);
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                // the watcher is gone: what it would have told is looked for by retries
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(TICK),
            }
        }
    }

    /// Marks what an event is about; true when it is about anything.
    fn concerns(&mut self, event: &notify::Result<notify::Event>) -> bool {
        let now = Some(Instant::now());
        let event = match event {
            Ok(event) if !event.need_rescan() => event,
            // something was missed
            _ => {
                self.due.iter_mut().for_each(|d| d.at = now);
                return true;
            }
        };
        let mut any = false;
        for path in event.paths.iter().filter(|p| !is_idle(event.kind) && !p.starts_with(self.engine.path())) {
            let folder = self.eyes.followed.contains(path);
            for due in self.due.iter_mut().filter(|d| d.target.concerns(path, folder)) {
                due.at = now;
                any = true;
            }
            if folder && is_gone(event.kind) {
                self.eyes.forget(path);
            }
        }
        any
    }

    fn told(&self, i: Option<usize>, progress: Progress, report: Option<WatchReport>, error: Option<WatchFailure>) {
        let target = i.map(|i| &self.due[i].target);
        (self.tell)(WatchProgress {
            progress,
            kind: target.map(|t| name(t.kind)),
            namespace: namespace(self.options, target.map_or(Kind::Files, |t| t.kind)).to_owned(),
            path: target.map(|t| t.path.clone()),
            report,
            error,
        });
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Spikes => "spikes",
        Kind::Files => "files",
    }
}

fn namespace(o: &WatchOptions, kind: Kind) -> &str {
    match kind {
        Kind::Spikes => o.spike_options.namespace(),
        Kind::Files => o.file_options.namespace(),
    }
}

fn nothing(phase: &'static str) -> Progress {
    Progress { phase, done: 0, total: None, rate: 0.0, seconds_left: None }
}

#[allow(clippy::cast_precision_loss)] // figures for people
fn finished(report: &WatchReport) -> Progress {
    let (found, millis) = match report {
        WatchReport::Spikes(r) => (r.found, r.duration_ms),
        WatchReport::Files(r) => (r.found, r.duration_ms),
    };
    let rate = found as f64 / (millis.max(1) as f64 / 1e3);
    Progress { phase: "done", done: found, total: Some(found), rate, seconds_left: Some(0.0) }
}
