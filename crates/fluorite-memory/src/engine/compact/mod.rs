//! Compaction: what is wanted of mostly dead segments goes into a new one.
//!
//! Three steps: choose (`choose`, with the writer), write the new segment (`output`, record by record `copy`; beside everything
//! else), swap (`swap`, with the writer). Segments with something doomed (`purge`) are rewritten whatever else they hold, and so
//! are those an older data key has sealed, while a key is changed (`rekey`).

mod choose;
mod copy;
mod output;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use self::choose::Choice;
use self::output::Job;
pub use self::output::{Kind, Moved, Place};
use super::commit::Writer;
use super::queue::{Op, Settle};
use super::shared::Shared;
use super::state::SegmentUse;
use super::swap::swap;
use super::train::adopt;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::log::{Segment, segment_name};
use crate::options::ProgressFn;
use crate::report::OptimizeReport;

/// Whether a compaction runs, and what waits for it.
#[derive(Default)]
pub struct Compaction {
    running: bool,
    waiting: Vec<Box<dyn FnOnce() + Send>>,
    /// Why the background kind gave up.
    pub failure: Option<String>,
}

/// Held while a compaction runs, or must not; its end, however it comes, lets the next one start.
pub struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.restore_reserve(); // last: the rounds needed the room they made
        let waiting = {
            let mut compaction = self.0.compaction.lock();
            compaction.running = false;
            std::mem::take(&mut compaction.waiting)
        };
        for next in waiting {
            next();
        }
    }
}

/// A compaction as its caller sees it: rounds of about one new segment each.
struct Round {
    all: bool,
    /// Whether what is doomed goes, wherever it lies. Of the background kind when that is due.
    purge: bool,
    /// Whether what an older key has sealed is written anew.
    rekey: bool,
    cancel: CancelToken,
    progress: Option<ProgressFn>,
    /// What it has written: compacted again by the same call only for what is doomed there.
    outputs: HashSet<u32>,
    /// What could not be read, and why.
    damaged: HashMap<u32, Error>,
    sum: OptimizeReport,
}

impl Shared {
    /// Background: compacts when a sealed segment is mostly dead.
    pub fn compact_if_worthwhile(self: &Arc<Self>) {
        let worthwhile = {
            let state = self.state.read();
            let sparse = |s: &Segment| state.usage.get(&s.number()).is_some_and(SegmentUse::is_sparse);
            state.segments.values().any(|s| s.map().is_some() && sparse(s))
        } || self.is_purge_due()
            || self.is_rekeying_due();
        if !worthwhile || self.check_poison().is_err() || self.compaction.lock().failure.is_some() {
            return;
        }
        let shared = Arc::clone(self);
        // damage would only be met again: health tells it, and optimize() or the next open tries again
        let told = move |r: Result<OptimizeReport>| {
            let lasting = r.err().filter(|e| matches!(e.code(), "CORRUPT" | "INTERNAL"));
            shared.compaction.lock().failure = lasting.map(|e| e.to_string());
        };
        self.compact(false, self.stop.clone(), None, Box::new(told));
    }

    /// Runs `work` when no compaction does, now or behind the one that runs; none starts before what it is given is dropped.
    pub fn without_compaction(self: &Arc<Self>, work: Box<dyn FnOnce(Running) + Send>) {
        {
            let mut compaction = self.compaction.lock();
            if compaction.running {
                let shared = Arc::clone(self);
                compaction.waiting.push(Box::new(move || shared.without_compaction(work)));
                return;
            }
            compaction.running = true;
        }
        work(Running(Arc::clone(self)));
    }

    /// Compacts what is sparse, or everything that gains (`all`).
    pub fn compact(
        self: &Arc<Self>,
        all: bool,
        cancel: CancelToken,
        progress: Option<ProgressFn>,
        settle: Settle<OptimizeReport>,
    ) {
        {
            let mut compaction = self.compaction.lock();
            if compaction.running {
                let shared = Arc::clone(self);
                // the background kind has nothing to add to a compaction that runs already
                if all {
                    compaction.waiting.push(Box::new(move || shared.compact(all, cancel, progress, settle)));
                }
                return;
            }
            compaction.running = true;
        }
        let running = Running(Arc::clone(self));
        let settle: Settle<OptimizeReport> = Box::new(move |r| {
            if all && r.is_ok() {
                running.0.compaction.lock().failure = None;
            }
            settle(r);
            drop(running);
        });
        let purge = self.take_due_purge() || all;
        let rekey = self.take_rekeying(all);
        let (outputs, damaged, sum) = Default::default();
        let round = Round { all, purge, rekey, cancel, progress, outputs, damaged, sum };
        self.round(round, settle);
    }

    /// One segment's worth of victims after the other, until none is left.
    fn round(self: &Arc<Self>, mut round: Round, settle: Settle<OptimizeReport>) {
        let shared = Arc::clone(self);
        let choose = move |_: &Shared, w: &mut Writer| {
            round.sum.bytes_after = shared.state.read().log_bytes().0;
            if round.outputs.is_empty() {
                round.sum.bytes_before = round.sum.bytes_after;
            }
            match shared.choose(w, &round) {
                Err(e) => settle(Err(e)),
                Ok(Choice::Nothing) => {
                    let ended = shared.finish_purge(w, &round);
                    let ended = ended.and_then(|()| if round.rekey { shared.finish_rekey(w, &round.damaged) } else { Ok(()) });
                    settle(ended.map(|()| round.sum));
                }
                Ok(Choice::Train) => {
                    let (work, waited_for) = (Arc::clone(&shared), round.all);
                    let run = move || work.replace_dictionary(round, settle);
                    if waited_for && !shared.executor.is_inline() {
                        shared.executor.spawn(run);
                    } else {
                        shared.executor.spawn_background(run);
                    }
                }
                Ok(Choice::Rewrite(victims, output)) => {
                    let numbers = victims.iter().map(Segment::number).collect();
                    let job = Job { victims, output, numbers, cancel: round.cancel.clone(), progress: round.progress.clone() };
                    let (work, waited_for) = (Arc::clone(&shared), round.all);
                    // optimize() has a caller waiting; the background kind gives way to everyone
                    let run = move || work.rewrite(&job, round, settle);
                    if waited_for && !shared.executor.is_inline() {
                        shared.executor.spawn(run);
                    } else {
                        shared.executor.spawn_background(run);
                    }
                }
            }
        };
        self.submit(self.queue.place(), Op::Exclusive(Box::new(choose)));
    }

    /// Trains a dictionary without what was purged, then goes on.
    fn replace_dictionary(self: &Arc<Self>, round: Round, settle: Settle<OptimizeReport>) {
        let training = self.train_anew();
        let next = Arc::clone(self);
        let adopted = move |shared: &Shared, w: &mut Writer| {
            match training.map(|t| adopt(shared, w, t)) {
                Some(Some(Err(e))) => return settle(Err(e)),
                Some(Some(Ok(()))) => {}
                Some(None) => {} // purged meanwhile: it is asked for again
                None => {
                    shared.dictionary.store(w.manifest.dictionary(), Ordering::Release);
                    shared.stage.store(w.manifest.stage(), Ordering::Release);
                }
            }
            next.round(round, settle);
        };
        self.submit(self.queue.place(), Op::Exclusive(Box::new(adopted)));
    }

    /// Nothing is left to rewrite: what only purged chunks needed goes too.
    fn finish_purge(&self, w: &mut Writer, round: &Round) -> Result<()> {
        if !round.purge {
            return Ok(());
        }
        let needed = {
            let state = self.state.read();
            let needed = self.spoiled_segments(&state, &w.manifest);
            let held = state.doomed_segments();
            if let Some((_, e)) = round.damaged.iter().find(|(n, _)| held.contains(n) || needed.contains(n)) {
                return Err(e.clone()); // it cannot be shown to be gone
            }
            needed
        };
        if needed.is_empty() {
            self.drop_spoiled(&mut w.manifest)?;
        }
        self.settle_removals()?;
        self.purge_ended();
        Ok(())
    }

    fn rewrite(self: &Arc<Self>, job: &Job, mut round: Round, settle: Settle<OptimizeReport>) {
        // the text index is brought up here, not under the writer's lock
        let written = self.ensure_loaded().and_then(|()| self.catch_up_text()).and_then(|()| self.write_output(job));
        let path = self.log_dir().join(segment_name(job.output));
        match written {
            Err(e) => {
                self.remove_for_good(path.clone());
                if matches!(e, Error::NoSpace { .. }) && self.release_reserve() {
                    // once: the reserve is there for this. Into another file: this one may still be there, and is to go
                    return self.round(round, settle);
                }
                let damaged = |v: &&Segment| matches!(&e, Error::Corrupt { path, .. } if path == v.path());
                if let Some(victim) = job.victims.iter().find(damaged).filter(|_| round.all || round.purge || round.rekey) {
                    // it stays as it is: chunks of it may still be read, and the others are not to wait for it
                    self.note_damage(&e);
                    round.damaged.insert(victim.number(), e);
                    return self.round(round, settle);
                }
                settle(Err(match e {
                    // only the new file failed; it is given up, the store goes on
                    Error::Poisoned { cause } if self.check_poison().is_ok() => {
                        Error::Io { action: "cannot compact into", path, message: cause }
                    }
                    e => e,
                }));
            }
            Ok((live, moved)) => {
                let victims: Vec<u32> = job.victims.iter().map(Segment::number).collect();
                let next = Arc::clone(self);
                let output = job.output;
                let swap = move |shared: &Shared, w: &mut Writer| {
                    let done = swap(shared, w, &victims, live, moved);
                    match done {
                        Ok(dropped) => {
                            round.sum.segments_rewritten += victims.len() as u64;
                            round.sum.versions_dropped += dropped;
                            round.outputs.insert(output);
                            next.round(round, settle);
                        }
                        Err(e) => {
                            if matches!(e, Error::NoSpace { .. }) {
                                shared.remove_for_good(path); // the manifest is as before: nothing names it
                            }
                            settle(Err(e));
                        }
                    }
                };
                self.submit(self.queue.place(), Op::Exclusive(Box::new(swap)));
            }
        }
    }
}
