//! Compaction: what is wanted of mostly dead segments goes into a new one.
//!
//! Three steps: choose (with the writer), write the new segment (beside everything else), swap (with the writer).
//! Segments with something doomed (`purge`) are rewritten whatever else they hold.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::commit::Writer;
use super::queue::{Op, Settle};
use super::shared::{COMPACT_LEVEL, Shared};
use super::state::SegmentUse;
use super::swap::swap;
use super::train::adopt;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::log::{
    ChunkRecord, Frame, GroupBuilder, LiveSegment, Location, RecordView, ScannedRecord, Segment, UsageEntry, encode_chunk,
    encode_purge, encode_tombstone, encode_usage, encode_vector, scan_segment, segment_name,
};
use crate::mutants::mutant;
use crate::options::ProgressFn;
use crate::report::OptimizeReport;

/// Records per group of the new segment.
const GROUP_BYTES: usize = 1 << 20;

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

/// What is to be done next.
enum Choice {
    Nothing,
    /// These become this one.
    Rewrite(Vec<Segment>, u32),
    /// The dictionary of new records has to be replaced first.
    Train,
}

/// The plan of one round.
struct Job {
    victims: Vec<Segment>,
    output: u32,
    numbers: HashSet<u32>,
    cancel: CancelToken,
    progress: Option<ProgressFn>,
}

/// What a moved record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Chunk,
    Vector,
    Tombstone,
}

/// A row's record and where it lies now.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub row: u32,
    pub sequence: u64,
    pub kind: Kind,
    pub at: Location,
    /// Dictionary it was (or could not be) compressed with.
    pub dictionary: u32,
}

/// What became of the victims' records.
#[derive(Default)]
pub struct Moved {
    pub places: Vec<Place>,
    /// Rows whose counters were written.
    pub counted: HashSet<u32>,
    pub dropped: u64,
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

    fn choose(&self, w: &mut Writer, round: &Round) -> Result<Choice> {
        self.check_poison()?;
        round.cancel.check()?;
        self.expire_due();
        let all = round.all;
        let doomed = if round.purge { self.choose_doomed(w)? } else { HashSet::new() };
        if round.purge && w.manifest.spoiled.contains(&self.dictionary.load(Ordering::Acquire)) {
            return Ok(Choice::Train);
        }
        let full = w.live.end() > crate::log::SEGMENT_HEADER as u64;
        if ((all || round.rekey) && round.outputs.is_empty() && full) || doomed.contains(&w.live.segment().number()) {
            w.seal(self)?;
        }
        let state = self.state.read();
        let current = self.dictionary.load(Ordering::Acquire);
        let mut stale = HashSet::new();
        if all && current != 0 && self.config.enable_compression {
            let old = state.live.iter().filter_map(|r| state.row(r)).filter(|r| r.dictionary != current && r.raw_len > 256);
            stale.extend(old.map(|r| r.at.segment));
        }
        let mut candidates: Vec<(SegmentUse, Segment)> = w
            .manifest
            .sealed
            .iter()
            .filter(|s| !round.damaged.contains_key(&s.number))
            .filter(|s| !round.outputs.contains(&s.number) || doomed.contains(&s.number))
            .filter_map(|s| Some((*state.usage.get(&s.number)?, state.segments.get(&s.number)?.clone())))
            .collect();
        let is_small = |u: &SegmentUse| u.total < self.config.segment_bytes / 2;
        let several = all && candidates.iter().filter(|(u, _)| is_small(u)).count() > 1;
        candidates.retain(|(u, s)| {
            let dead = u.total.saturating_sub(u.live);
            if doomed.contains(&s.number()) || (round.rekey && self.is_sealed_before(s)) {
                true
            } else if all {
                // a group header per batch is not worth a rewrite; a small segment joins other small ones
                dead as f64 > u.total as f64 * 0.1 || stale.contains(&s.number()) || (several && is_small(u))
            } else {
                u.is_sparse()
            }
        });
        // the emptiest first: on a nearly full disk they give the room for the others
        let share = |u: &SegmentUse| u.live as f64 / u.total.max(1) as f64;
        candidates.sort_by(|(a, _), (b, _)| share(a).total_cmp(&share(b)));
        let mut live = 0;
        let mut victims = Vec::new();
        for (u, segment) in candidates {
            if !victims.is_empty() && live + u.live > self.config.segment_bytes {
                break; // the new segment stays about as large as any other
            }
            live += u.live;
            victims.push(segment);
        }
        if victims.is_empty() {
            return Ok(Choice::Nothing);
        }
        drop(state);
        let output = w.manifest.next_segment;
        w.manifest.next_segment += 1; // in memory: a number lost to a crash is a stray file at worst
        Ok(Choice::Rewrite(victims, output))
    }

    /// Segments that hold something doomed, or need a dictionary that does; the manifest names those dictionaries.
    fn choose_doomed(&self, w: &mut Writer) -> Result<HashSet<u32>> {
        let (next, judged, more) = {
            let state = self.state.read();
            let mut next = w.manifest.clone();
            let more = self.spoil(&state, &mut next, None);
            (next, state.doomed.rows.clone(), more)
        };
        // without the state's lock: no read waits for the disk. What is doomed meanwhile (its time is up) is judged next time
        if more {
            let _held = mutant!("tables_locked_while_syncing").then(|| self.state.write());
            next.save(&*self.vfs, &self.config.path)?;
            w.manifest = next;
            self.spoiled.store(w.manifest.spoiled.len() as u32, Ordering::Release);
        }
        let mut state = self.state.write();
        state.doomed.judged = judged;
        let mut out = state.doomed_segments();
        out.extend(self.spoiled_segments(&state, &w.manifest));
        Ok(out)
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

    /// Copies the wanted records of all victims.
    fn write_output(&self, job: &Job) -> Result<(LiveSegment, Moved)> {
        let mut out = LiveSegment::create(&*self.vfs, &self.log_dir(), job.output, self.store_id)?;
        let mut moved = Moved::default();
        let rows: HashMap<u64, u32> = {
            let state = self.state.read();
            let here = |r: &super::state::Row| job.numbers.contains(&r.at.segment) || job.numbers.contains(&r.vector.segment);
            state.rows.iter().enumerate().filter(|(_, r)| here(r)).map(|(i, r)| (r.sequence, i as u32)).collect()
        };
        let total: u64 = job.victims.iter().filter_map(Segment::map).map(|m| m.len() as u64).sum();
        let started = self.clock.monotonic_ms();
        let mut done = 0;
        for victim in &job.victims {
            let bytes = victim.map().unwrap_or_default();
            let mut buffer = Vec::new();
            let mut group: Option<GroupBuilder> = None;
            let scan = scan_segment(victim, bytes, 0, |record| {
                job.cancel.check()?;
                let builder = group.get_or_insert_with(|| GroupBuilder::begin(&mut buffer, record.sequence));
                self.copy(job, &rows, &record, &mut buffer, builder, &out, &mut moved)?;
                if buffer.len() >= GROUP_BYTES
                    && let Some(full) = group.take()
                {
                    full.finish(&mut buffer, out.segment().salt(), out.end(), out.synced());
                    out.append(&buffer)?;
                    buffer.clear();
                }
                Ok(())
            })?;
            if scan.end != bytes.len() as u64 {
                return Err(victim.corrupt(scan.end, "a group does not match its checksum; compaction stopped"));
            }
            if let Some(rest) = group.filter(|g| !g.is_empty()) {
                rest.finish(&mut buffer, out.segment().salt(), out.end(), out.synced());
                out.append(&buffer)?;
            }
            done += bytes.len() as u64;
            self.report_progress(job.progress.as_ref(), "compact", done, Some(total), started);
        }
        out.sync()?;
        Ok((out, moved))
    }

    #[allow(clippy::too_many_arguments)] // one record, where it comes from and where it goes
    fn copy(
        &self,
        job: &Job,
        rows: &HashMap<u64, u32>,
        record: &ScannedRecord<'_>,
        buffer: &mut Vec<u8>,
        group: &mut GroupBuilder,
        out: &LiveSegment,
        moved: &mut Moved,
    ) -> Result<()> {
        let frame = out.segment().frame();
        let offset =
            u32::try_from(out.end() + buffer.len() as u64).map_err(|_| Error::internal("a segment grew beyond 4 GiB"))?;
        let segment = out.segment().number();
        let dictionary = self.dictionary.load(Ordering::Acquire);
        let place =
            |row, sequence, kind, length| Place { row, sequence, kind, at: Location { segment, offset, length }, dictionary };
        let length = match &record.view {
            RecordView::Chunk(c) => {
                let Some(&row) = rows.get(&record.sequence) else { return Ok(()) };
                if !self.state.read().live.contains(row) {
                    moved.dropped += 1;
                    if mutant!("purged_record_copied") {
                        encode_chunk(buffer, frame, record.sequence, c);
                        group.count();
                        return Ok(());
                    }
                    if let Some(key) = self.dooms_older(row, record.sequence, &job.numbers) {
                        // expired, and an older version lies elsewhere: it stays dead, and goes as well
                        let length = encode_purge(buffer, frame, record.sequence, c.updated_at, key);
                        moved.places.push(place(row, record.sequence, Kind::Tombstone, length));
                        group.count();
                    }
                    return Ok(());
                }
                let length = self.recompress(c, dictionary, record.sequence, frame, buffer)?;
                moved.places.push(place(row, record.sequence, Kind::Chunk, length));
                length
            }
            RecordView::Vector(v) => {
                let Some(&row) = rows.get(&v.chunk) else { return Ok(()) };
                let wanted = {
                    let state = self.state.read();
                    state.live.contains(row) && state.row(row).is_some_and(|r| r.vector == record.location)
                };
                if !wanted {
                    return Ok(());
                }
                let mut values = Vec::new();
                v.read_into(&mut values);
                let length = encode_vector(buffer, frame, record.sequence, v.chunk, v.model, v.truncated, &values);
                moved.places.push(place(row, v.chunk, Kind::Vector, length));
                length
            }
            RecordView::Tombstone { deleted_at, namespace, id } => {
                let Some(&row) = rows.get(&record.sequence) else { return Ok(()) };
                if !self.hides_older(row, record.sequence, &job.numbers) {
                    moved.dropped += 1;
                    return Ok(());
                }
                let length = encode_tombstone(buffer, frame, record.sequence, *deleted_at, namespace, id);
                moved.places.push(place(row, record.sequence, Kind::Tombstone, length));
                length
            }
            RecordView::Purge { deleted_at, .. } => {
                let Some(&row) = rows.get(&record.sequence) else { return Ok(()) };
                let Some(key) = self.dooms_older(row, record.sequence, &job.numbers) else {
                    moved.dropped += 1;
                    return Ok(());
                };
                let length = encode_purge(buffer, frame, record.sequence, *deleted_at, key);
                moved.places.push(place(row, record.sequence, Kind::Tombstone, length));
                length
            }
            RecordView::Usage(entries) => {
                let kept = self.current_usage(entries, job, moved);
                if kept.is_empty() {
                    return Ok(());
                }
                encode_usage(buffer, frame, record.sequence, &kept)
            }
        };
        debug_assert!(length > 0);
        group.count();
        Ok(())
    }

    /// Is this the newest of its key, with an older version in a segment that stays? Then it must stay dead.
    fn hides_older(&self, row: u32, sequence: u64, victims: &HashSet<u32>) -> bool {
        if mutant!("tombstone_lost") {
            return false;
        }
        let state = self.state.read();
        let Some(r) = state.row(row).filter(|r| r.sequence == sequence && state.newest(r.key) == Some(row)) else {
            return false;
        };
        let older = std::iter::successors(state.row(r.previous), |r| state.row(r.previous));
        older.into_iter().any(|r| !victims.contains(&r.at.segment))
    }

    /// The key of a version when everything older of it is to go, and some lies in a segment that stays.
    fn dooms_older(&self, row: u32, sequence: u64, victims: &HashSet<u32>) -> Option<u128> {
        if mutant!("expired_tombstone_lost") {
            return None;
        }
        let state = self.state.read();
        let r = state.row(row).filter(|r| r.sequence == sequence)?;
        state.dooms_older(row, victims).then_some(r.key)
    }

    /// Counters as they are now, each once, unless a segment that stays has a later record of them.
    fn current_usage(&self, entries: &[UsageEntry], job: &Job, moved: &mut Moved) -> Vec<UsageEntry> {
        let state = self.state.read();
        let mut now = |e: &UsageEntry| {
            let (row, r) = state.find(e.key)?;
            if (r.counted != 0 && !job.numbers.contains(&r.counted)) || !moved.counted.insert(row) {
                return None;
            }
            let (count, accessed_at) = (r.usage.load(Ordering::Relaxed), r.accessed_at.load(Ordering::Relaxed));
            Some(UsageEntry { key: e.key, count, accessed_at })
        };
        entries.iter().filter_map(&mut now).collect()
    }

    fn recompress(
        &self,
        c: &ChunkRecord<'_>,
        dictionary: u32,
        sequence: u64,
        frame: &Frame,
        buffer: &mut Vec<u8>,
    ) -> Result<u32> {
        let raw = if c.compressed {
            self.codec.decompress(c.payload, c.dictionary, c.raw_len as usize).map_err(Error::internal)?
        } else {
            c.payload.to_vec()
        };
        let smaller = if self.config.enable_compression { self.codec.compress(&raw, dictionary, COMPACT_LEVEL)? } else { None };
        let record = match &smaller {
            Some(frame) => ChunkRecord { dictionary, compressed: true, payload: frame, ..*c },
            None => ChunkRecord { dictionary: 0, compressed: false, payload: &raw, ..*c },
        };
        Ok(encode_chunk(buffer, frame, sequence, &record))
    }
}
