//! The committer: turns ops into groups, writes them with one fsync, applies them, settles their callers.

mod replaced;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use self::replaced::Replaced;
use super::apply::{Effect, apply};
use super::events::{Event, EventKind};
use super::pieces::{PutPieces, Seen};
use super::prepare::PreparedChunk;
use super::queue::{LateVector, Op, Settle, Target};
use super::shared::Shared;
use crate::error::{Error, Result, SUPPLIED_MODEL};
use crate::log::{
    ChunkRecord, GroupBuilder, LiveSegment, Location, Manifest, ModelId, SealedSegment, Segment, UsageEntry, encode_chunk,
    encode_purge, encode_tombstone, encode_usage, encode_vector,
};
use crate::metrics::Stage;
use crate::mutants::mutant;
use crate::options::Durability;

/// Flush interval of `durability: buffered`.
pub const FLUSH_INTERVAL: Duration = Duration::from_millis(100);
/// How often a store that is written all the time looks for something to compact.
const COMPACTION_LOOK: Duration = Duration::from_secs(1);
const MOST_OPS: usize = 1_024;
/// Rows the text index may be behind before it takes part in a load that does not pause.
const MOST_BEHIND: usize = 262_144;
/// A group is written when it reaches this size, whatever still waits.
const GROUP_BYTES: usize = 8 << 20;

/// The only one that writes the log. Held by the committer, or by an exclusive op.
#[derive(Debug)]
pub struct Writer {
    pub live: LiveSegment,
    pub manifest: Manifest,
    pub store_id: u128,
    pub next_sequence: u64,
}

/// What a caller is told when its group is done.
type Outcome = Box<dyn FnOnce(Result<()>) + Send>;

/// A delete of this pass: what it named, what of it was there, whom to tell.
struct Deleted {
    targets: Vec<Target>,
    purge: bool,
    /// Pieces of texts with these ids as well.
    wholes: bool,
    found: Vec<bool>,
    settle: Settle<Vec<bool>>,
}

/// One write: groups, what they change, whom to tell.
#[derive(Default)]
struct Pass {
    bytes: Vec<u8>,
    effects: Vec<Effect>,
    outcomes: Vec<Outcome>,
    sync: bool,
    /// What this pass has already done to a key: (created_at, version, findable).
    seen: Seen,
    put_pieces: PutPieces,
    deletes: Vec<Deleted>,
    has_puts: bool,
}

/// The committer thread's loop. Indexing waits for a moment without writes: while a load runs, it would take its cores.
pub fn run(shared: &Arc<Shared>) {
    let mut dirty_since: Option<Instant> = None;
    let mut looked = Instant::now();
    loop {
        let dirty = shared.writer.lock().as_ref().is_some_and(|w| w.live.synced() < w.live.end());
        dirty_since = dirty.then(|| dirty_since.unwrap_or_else(Instant::now));
        let timeout = match dirty_since {
            Some(t) => Some(FLUSH_INTERVAL.saturating_sub(t.elapsed())),
            None if shared.text.behind() > 0 => Some(FLUSH_INTERVAL),
            // what is due waits for a pause as well, and another compaction may run: no faster than this
            None => shared.purge_wait().map(|ms| Duration::from_millis(ms).max(FLUSH_INTERVAL)),
        };
        let Some(ops) = shared.queue.wait(MOST_OPS, timeout) else { return };
        let idle = ops.is_empty();
        process(shared, ops);
        if dirty_since.is_some_and(|t| t.elapsed() >= FLUSH_INTERVAL) {
            dirty_since = None;
            with_writer(shared, |shared, w| drop(w.sync(shared))); // a failure poisons: the next call is told
        }
        if idle || shared.text.behind() > MOST_BEHIND {
            shared.schedule_background();
        } else if looked.elapsed() >= COMPACTION_LOOK {
            // writes that never pause must not keep dead segments alive
            looked = Instant::now();
            let work = Arc::clone(shared);
            shared.executor.spawn_background(move || work.compact_if_worthwhile());
        }
    }
}

/// Runs everything that is ready on the calling thread (the inline stepper's committer).
pub fn drain(shared: &Arc<Shared>) {
    loop {
        let ops = shared.queue.take(MOST_OPS);
        if ops.is_empty() {
            return;
        }
        process(shared, ops);
    }
}

fn with_writer(shared: &Shared, f: impl FnOnce(&Shared, &mut Writer)) {
    if let Some(w) = shared.writer.lock().as_mut() {
        f(shared, w);
    }
}

fn process(shared: &Arc<Shared>, ops: Vec<Op>) {
    let mut guard = shared.writer.lock();
    let Some(w) = guard.as_mut() else { return }; // closed: dropped settlers report
    shared.expire_due(); // a chunk whose time is up is stored anew, not overwritten
    let mut pass = Pass::default();
    for op in ops {
        let alone = matches!(op, Op::DeleteWhere { .. } | Op::Exclusive(_));
        if alone || pass.bytes.len() >= GROUP_BYTES {
            std::mem::take(&mut pass).finish(shared, w);
        }
        match op {
            Op::Skip => {}
            Op::Put { chunks, durability, settle } => pass.put(shared, w, chunks, durability, settle),
            Op::Delete { targets, purge, settle } => pass.delete(shared, w, targets, purge, true, settle),
            Op::Vectors { items, settle } => pass.vectors(shared, w, items, settle),
            Op::Flush { settle } => {
                pass.usage(shared, w);
                pass.sync = true;
                pass.outcomes.push(settle);
            }
            Op::DeleteWhere { filter, purge, settle } => match shared.matching_targets(&filter) {
                Ok(targets) => {
                    let told: Settle<Vec<bool>> =
                        Box::new(|r| settle(r.map(|found| found.into_iter().filter(|f| *f).count() as u64)));
                    pass.delete(shared, w, targets, purge, false, told);
                }
                Err(e) => settle(Err(e)),
            },
            Op::Exclusive(f) => f(shared, w),
        }
    }
    pass.finish(shared, w);
}

impl Pass {
    /// (created_at, version) of the newest version of a key, and whether it can be found.
    fn newest(&self, shared: &Shared, key: u128) -> Option<(i64, u32, bool)> {
        if let Some(seen) = self.seen.get(&key) {
            return Some(*seen);
        }
        let state = shared.state.read();
        let row = state.newest(key)?;
        let findable = state.live.contains(row);
        state.row(row).map(|r| (r.created_at, r.version, findable))
    }

    fn put(
        &mut self,
        shared: &Shared,
        w: &mut Writer,
        mut chunks: Vec<PreparedChunk>,
        durability: Durability,
        settle: Settle<()>,
    ) {
        w.drop_foreign(&mut chunks);
        let found = chunks.iter().filter_map(|c| {
            let model = c.past.as_ref().and_then(|p| p.model.as_deref());
            c.vector.as_ref().map(|v| (v.values.len(), model))
        });
        let room = shared.check_room().and_then(|()| shared.check_rows(chunks.len()));
        if let Err(e) = room.and_then(|()| w.admit_vectors(shared, found)) {
            return settle(Err(e));
        }
        if let Err(e) = self.check_pieces(shared, &chunks) {
            return settle(Err(e));
        }
        if let Err(e) = w.without_gone_dictionaries(shared, &mut chunks) {
            return settle(Err(e));
        }
        self.has_puts = true;
        self.sync |= durability == Durability::Sync;
        let now = shared.clock.wall_ms();
        let frame = w.live.segment().frame().clone();
        let model = shared.model_hash();
        let mut group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
        let mut whole = Replaced::default(); // the same for all pieces of a text
        for mut prepared in chunks {
            if prepared.part.as_ref().is_none_or(|p| p.part == 1) {
                whole = self.replaced(shared, &prepared);
            }
            whole.bequeath(&mut prepared);
            self.note_piece(&prepared);
            let (before, stale) = (whole.before, std::mem::take(&mut whole.stale));
            let past = prepared.past.as_deref();
            let born = past.and_then(|p| p.created_at);
            let (created_at, version) = match before {
                // created under a clock that was set back since: a life counts from now, not from a moment that is yet to come
                Some((created, version, true)) => (born.unwrap_or(created.min(now)), version.saturating_add(1)),
                Some((_, version, false)) => (born.unwrap_or(now), version.saturating_add(1)),
                None => (born.unwrap_or(now), past.and_then(|p| p.version).unwrap_or(1).max(1)),
            };
            let updated_at = past.and_then(|p| p.updated_at).unwrap_or(now);
            let expires_at = past.and_then(|p| p.expires_at);
            self.seen.insert(prepared.key, (created_at, version, true));
            let c = &mut prepared.chunk;
            c.created_at = created_at;
            c.updated_at = updated_at.max(created_at);
            c.expires_at =
                prepared.ttl_ms.map(|ttl| c.updated_at.max(expires_at.unwrap_or(now.max(created_at).saturating_add(ttl))));
            c.version = version;
            c.sequence = w.sequence();
            let record = ChunkRecord {
                created_at,
                updated_at: c.updated_at,
                expires_at: c.expires_at,
                version,
                dictionary: prepared.dictionary,
                compressed: prepared.compressed,
                raw_len: prepared.raw_len,
                namespace: &c.namespace,
                id: &c.id,
                payload: &prepared.payload,
            };
            let at = w.locate(&self.bytes);
            let length = encode_chunk(&mut self.bytes, &frame, c.sequence, &record);
            group.count();
            let sequence = c.sequence;
            let vector = prepared.vector.take();
            let vector_at = vector.as_ref().map(|v| {
                let at = w.locate(&self.bytes);
                let vector_sequence = w.sequence();
                let length = encode_vector(&mut self.bytes, &frame, vector_sequence, sequence, model, v.truncated, &v.values);
                group.count();
                Location { length, ..at }
            });
            prepared.payload = Vec::new();
            if mutant!("half_a_batch_kept") {
                let whole = std::mem::replace(&mut group, GroupBuilder::begin(&mut Vec::new(), 0));
                whole.finish(&mut self.bytes, frame.salt(), w.live.end(), w.live.synced());
                group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
            }
            let at = Location { length, ..at };
            self.effects.push(Effect::Chunk { prepared: Box::new(prepared), at, vector: vector.zip(vector_at) });
            for target in stale {
                self.tombstone(shared, w, &mut group, &target, false, now);
            }
        }
        group.finish(&mut self.bytes, frame.salt(), w.live.end(), w.live.synced());
        self.outcomes.push(settle);
    }

    fn delete(
        &mut self,
        shared: &Shared,
        w: &mut Writer,
        targets: Vec<Target>,
        purge: bool,
        wholes: bool,
        settle: Settle<Vec<bool>>,
    ) {
        let all = self.with_pieces(shared, &targets, purge, wholes);
        if purge {
            let keys: HashSet<u128> = self.lacking(shared, &targets, &all);
            if !keys.is_empty()
                && let Err(e) = shared.check_poison().and_then(|()| shared.forget_unknown(&keys, &mut w.manifest))
            {
                return settle(Err(e));
            }
        }
        let mut found = vec![false; targets.len()];
        for (was, (asked, _)) in self.tombstones(shared, w, &all, purge).into_iter().zip(&all) {
            found[*asked] |= was;
        }
        self.deletes.push(Deleted { targets, purge, wholes, found, settle });
    }

    /// Whether anything of a key is left that no purge has doomed: a purge is for what was deleted or has expired, too.
    fn is_purgeable(&self, shared: &Shared, key: u128) -> bool {
        let state = shared.state.read();
        self.seen.contains_key(&key) || state.newest(key).and_then(|row| state.row(row)).is_some_and(|r| !r.purge)
    }

    /// Whether the newest version of a key is one whose time is up, and still in the log.
    fn has_expired(&self, shared: &Shared, key: u128) -> bool {
        let state = shared.state.read();
        let newest = state.newest(key).filter(|row| !self.seen.contains_key(&key) && !state.live.contains(*row));
        newest.and_then(|row| state.row(row)).is_some_and(|r| !r.tombstone)
    }

    fn tombstones(&mut self, shared: &Shared, w: &mut Writer, targets: &[(usize, Cow<'_, Target>)], purge: bool) -> Vec<bool> {
        let now = shared.clock.wall_ms();
        let start = self.bytes.len();
        let mut group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
        let found = targets.iter().map(|(_, t)| self.tombstone(shared, w, &mut group, t, purge, now)).collect();
        if !group.is_empty() {
            self.sync = true;
            let salt = w.live.segment().salt();
            group.finish(&mut self.bytes, salt, w.live.end(), w.live.synced());
        } else {
            self.bytes.truncate(start);
        }
        found
    }

    /// Ends a chunk; whether it could be found.
    fn tombstone(
        &mut self,
        shared: &Shared,
        w: &mut Writer,
        group: &mut GroupBuilder,
        t: &Target,
        purge: bool,
        now: i64,
    ) -> bool {
        let newest = self.newest(shared, t.key);
        let findable = newest.is_some_and(|(.., findable)| findable);
        // it is not there, and is not to be there again when the clock is set back and the store opened anew
        let purge = purge || (self.has_expired(shared, t.key) && !mutant!("expired_not_deleted"));
        let wanted = findable || (purge && self.is_purgeable(shared, t.key));
        let Some((created_at, version, _)) = newest.filter(|_| wanted) else { return findable };
        self.seen.insert(t.key, (created_at, version, false));
        let (at, sequence, frame) = (w.locate(&self.bytes), w.sequence(), w.live.segment().frame().clone());
        let length = if purge {
            encode_purge(&mut self.bytes, &frame, sequence, now, t.key)
        } else {
            encode_tombstone(&mut self.bytes, &frame, sequence, now, &t.namespace, &t.id)
        };
        group.count();
        let at = Location { length, ..at };
        let told = findable && shared.events.wants(EventKind::ChunkDeleted);
        let told = told.then(|| Event::ChunkDeleted { id: t.id.clone(), namespace: t.namespace.clone() });
        self.effects.push(Effect::Tombstone { key: t.key, sequence, at, deleted_at: now, version, purge, told });
        findable
    }

    /// Those whose chunk still stands: what is purged or has expired must not come back into the log, where nothing would
    /// find it any more.
    fn still_wanted(&self, shared: &Shared, mut items: Vec<LateVector>) -> Vec<LateVector> {
        let state = shared.state.read();
        items.retain(|item| {
            let same = state.row(item.row).filter(|r| r.sequence == item.sequence && state.live.contains(item.row));
            same.is_some_and(|r| !self.seen.contains_key(&r.key))
        });
        items
    }

    fn vectors(&mut self, shared: &Shared, w: &mut Writer, items: Vec<LateVector>, settle: Settle<()>) {
        let items = self.still_wanted(shared, items);
        if items.is_empty() {
            return self.outcomes.push(settle);
        }
        let found = items.iter().map(|i| (i.vector.values.len(), None));
        if let Err(e) = shared.check_room().and_then(|()| w.admit_vectors(shared, found)) {
            return settle(Err(e));
        }
        self.has_puts = true;
        let frame = w.live.segment().frame().clone();
        let model = shared.model_hash();
        let mut group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
        for item in items {
            let at = w.locate(&self.bytes);
            let (sequence, v) = (w.sequence(), item.vector);
            let length = encode_vector(&mut self.bytes, &frame, sequence, item.sequence, model, v.truncated, &v.values);
            group.count();
            let at = Location { length, ..at };
            self.effects.push(Effect::Vector { row: item.row, sequence: item.sequence, at, vector: v });
        }
        group.finish(&mut self.bytes, frame.salt(), w.live.end(), w.live.synced());
        self.outcomes.push(settle);
    }

    /// Read counters that changed since they were last written.
    fn usage(&mut self, shared: &Shared, w: &mut Writer) {
        let read = std::mem::take(&mut *shared.read_rows.lock());
        let state = shared.state.read();
        let rows: Vec<u32> = read.iter().filter(|row| state.live.contains(*row)).collect();
        let entries: Vec<UsageEntry> = rows
            .iter()
            .filter_map(|row| state.row(*row))
            .map(|r| UsageEntry {
                key: r.key,
                count: r.usage.load(Ordering::Relaxed),
                accessed_at: r.accessed_at.load(Ordering::Relaxed),
            })
            .collect();
        drop(state);
        if entries.is_empty() {
            return;
        }
        let frame = w.live.segment().frame().clone();
        let mut group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
        let sequence = w.sequence();
        encode_usage(&mut self.bytes, &frame, sequence, &entries);
        group.count();
        group.finish(&mut self.bytes, frame.salt(), w.live.end(), w.live.synced());
        self.effects.push(Effect::Usage { rows });
    }

    /// Writes, syncs, applies, settles.
    fn finish(self, shared: &Arc<Shared>, w: &mut Writer) {
        let Self { bytes, effects, outcomes, sync, deletes, has_puts, .. } = self;
        let started = Instant::now();
        let written = shared.check_poison().and_then(|()| if bytes.is_empty() { Ok(()) } else { w.live.append(&bytes) });
        let written = written.and_then(|()| if sync { w.sync_log(shared) } else { Ok(()) });
        match written {
            Ok(()) => {
                apply(shared, w, effects, bytes.len() as u64);
                if !bytes.is_empty() {
                    shared.metrics.record(Stage::Commit, started.elapsed());
                }
                settle_all(outcomes, deletes, &Ok(()));
                if !bytes.is_empty() {
                    w.seal_if_full(shared);
                }
            }
            Err(e @ Error::NoSpace { .. }) if !deletes.is_empty() && shared.release_reserve() => {
                // a full disk must not stop deletes: they go again, alone, into the room the reserve gave up
                let mut again = Self::default();
                if has_puts {
                    settle_all(outcomes, Vec::new(), &Err(e));
                } else {
                    again.outcomes = outcomes;
                    again.sync = sync;
                }
                for d in deletes {
                    again.delete(shared, w, d.targets, d.purge, d.wholes, d.settle);
                }
                again.finish(shared, w);
            }
            Err(e) => {
                if matches!(e, Error::Poisoned { .. }) {
                    shared.poison(&e);
                }
                settle_all(outcomes, deletes, &Err(e));
            }
        }
    }
}

fn settle_all(outcomes: Vec<Outcome>, deletes: Vec<Deleted>, result: &Result<()>) {
    for settle in outcomes {
        settle(result.clone());
    }
    for d in deletes {
        (d.settle)(result.clone().map(|()| d.found));
    }
}

impl Writer {
    /// The next sequence number.
    pub fn sequence(&mut self) -> u64 {
        let s = self.next_sequence;
        self.next_sequence += 1;
        s
    }

    /// Where the next byte appended to `pending` will lie.
    fn locate(&self, pending: &[u8]) -> Location {
        Location { segment: self.live.segment().number(), offset: (self.live.end() + pending.len() as u64) as u32, length: 0 }
    }

    /// Chunks that were compressed while a dictionary was taken out of the store are compressed again.
    fn without_gone_dictionaries(&self, shared: &Shared, chunks: &mut [PreparedChunk]) -> Result<()> {
        let gone = |c: &&mut PreparedChunk| c.dictionary != 0 && !self.manifest.dictionaries.contains(&c.dictionary);
        for c in chunks.iter_mut().filter(gone) {
            if c.compressed {
                let raw = shared.codec.decompress(&c.payload, c.dictionary, c.raw_len as usize).map_err(Error::internal)?;
                let how = shared.compression();
                let smaller = how.level.map_or(Ok(None), |level| shared.codec.compress(&raw, how.dictionary, level))?;
                c.compressed = smaller.is_some();
                (c.dictionary, c.payload) = smaller.map_or((0, raw), |frame| (how.dictionary, frame));
            } else {
                c.dictionary = 0;
            }
        }
        Ok(())
    }

    /// Vectors of these dimensions may enter; the first ever names the store's model in the manifest: that of `model`, or supplied.
    fn admit_vectors<'a>(&mut self, shared: &Shared, vectors: impl Iterator<Item = (usize, Option<&'a str>)>) -> Result<()> {
        for (found, model) in vectors {
            match &self.manifest.model {
                Some(m) if m.dimensions == found => continue,
                // the last vectors it held are gone: their dimensions bind nobody
                Some(m) if m.id == SUPPLIED_MODEL && shared.state.read().embedded.is_empty() => {}
                Some(m) => return Err(Error::DimensionMismatch { expected: m.dimensions, found }),
                None => {}
            }
            let mut next = self.manifest.clone();
            next.model = Some(ModelId { id: model.unwrap_or(SUPPLIED_MODEL).into(), dimensions: found });
            next.save(&*shared.vfs, &shared.config.path)?;
            self.manifest = next;
            shared.set_model(self.manifest.model.clone());
        }
        Ok(())
    }

    /// Vectors that were brought along and are of another model than the store has come to have since they were looked at.
    fn drop_foreign(&self, chunks: &mut [PreparedChunk]) {
        let Some(known) = &self.manifest.model else { return };
        for c in chunks {
            if c.past.as_ref().and_then(|p| p.model.as_ref()).is_some_and(|m| *m != known.id) {
                c.vector = None;
            }
        }
    }

    fn seal_if_full(&mut self, shared: &Arc<Shared>) {
        if self.live.end() >= shared.config.segment_bytes {
            let _ = self.seal(shared); // NO_SPACE: tried again with the next write; else poisoned
        }
    }

    /// Makes everything written durable; a failure poisons the store.
    pub fn sync(&mut self, shared: &Shared) -> Result<()> {
        self.sync_log(shared).inspect_err(|e| shared.poison(e))
    }

    /// Syncs what is not durable yet, and counts how long that took.
    fn sync_log(&mut self, shared: &Shared) -> Result<()> {
        if self.live.synced() == self.live.end() {
            return Ok(());
        }
        shared.metrics.timed(Stage::Fsync, || self.live.sync())
    }

    /// Seals the live segment and starts the next one. On `NoSpace` nothing has changed; any other failure poisons the store:
    /// the manifest on disk may name the next segment already.
    pub fn seal(&mut self, shared: &Shared) -> Result<()> {
        self.start_next(shared).inspect_err(|e| {
            if !matches!(e, Error::NoSpace { .. }) {
                shared.poison(e);
            }
        })
    }

    fn start_next(&mut self, shared: &Shared) -> Result<()> {
        self.sync_log(shared)?;
        let sealed = SealedSegment { number: self.live.segment().number(), length: self.live.end(), crc: self.live.checksum() };
        let log_dir: PathBuf = shared.log_dir();
        let mut next = self.manifest.clone();
        next.live = next.next_segment;
        next.next_segment += 1;
        if mutant!("manifest_before_data") {
            next.save(&*shared.vfs, &shared.config.path)?;
        }
        let live = LiveSegment::create(&*shared.vfs, &log_dir, next.live, self.store_id)?;
        next.sealed.push(sealed.clone());
        next.save(&*shared.vfs, &shared.config.path)?;
        let mapped = Segment::sealed(&*shared.vfs, &log_dir, sealed.number, sealed.length, self.store_id)?;
        mapped.set_verified(); // its checksum is of the bytes as they were written
        self.manifest = next;
        self.live = live;
        let mut state = shared.state.write();
        state.segments.insert(sealed.number, mapped);
        let segment = self.live.segment().clone();
        state.usage.insert(segment.number(), super::state::SegmentUse { total: self.live.end(), ..Default::default() });
        state.segments.insert(segment.number(), segment);
        state.fresh.clear();
        Ok(())
    }
}
