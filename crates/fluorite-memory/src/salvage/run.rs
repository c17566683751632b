//! The salvage itself: read everything, decide, copy what counts.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use fluorite_ml::{ModelDir, ModelFolder};

use super::report::{SalvageReport, SteppedBack};
use super::salt::{salt_of, store_id_of};
use super::source::{Part, Source, cipher_of, damage};
use super::table::{At, Event, Fate, FoundVector, Table, What, fate};
use super::target::Target;
use super::walk::{Met, walk};
use crate::cancel::CancelToken;
use crate::clock::{Clock, SystemClock};
use crate::crypt::{Encryption, EncryptionKey, Files};
use crate::engine::{chunk_key, read_rows};
use crate::error::{Error, Result, SUPPLIED_MODEL};
use crate::feedback::EventFile;
use crate::log::{
    ChunkRecord, Frame, ModelId, RecordView, SEGMENT_HEADER, check_header, decode_payload, decode_record, encode_chunk,
    encode_usage, encode_vector, segment_name,
};
use crate::options::{Progress, ProgressFn};
use crate::vfs::{RealVfs, Vfs, check_apart, staged};

/// Options of [`salvage`].
#[derive(Debug, Clone, Default)]
pub struct SalvageOptions {
    /// Folders of models, and the name of the one the vectors may be of (`all-MiniLM-L6-v2` when absent). Looked at only where
    /// MANIFEST, which says whose vectors they are, is lost.
    pub models_paths: Vec<PathBuf>,
    /// Name of the model.
    pub embedding_model: Option<String>,
    /// Key of the source, when it is encrypted.
    pub encryption_key: Option<EncryptionKey>,
    /// Key of the new store, which may encrypt what was plain: that of the source when absent.
    pub new_encryption_key: Option<EncryptionKey>,
    /// Makes a plain store of an encrypted one.
    pub decrypt: bool,
    /// Raised to stop.
    pub cancel: CancelToken,
}

impl SalvageOptions {
    /// The key of the new store.
    fn target_key(&self) -> Result<Option<&EncryptionKey>> {
        match &self.new_encryption_key {
            Some(_) if self.decrypt => {
                Err(Error::argument("decrypt makes a plain store: leave new_encryption_key out, or decrypt"))
            }
            Some(key) => Ok(Some(key)),
            None if self.decrypt => Ok(None),
            None => Ok(self.encryption_key.as_ref()),
        }
    }
}

/// Saves everything readable of the store in `from` into a new one in `to`, which must not exist or be an empty folder. The
/// source need not open, and is never written to. Of each chunk the newest version that can be read is saved, with its vector;
/// what was deleted stays deleted. The new store appears when it is complete, or not at all.
/// Cost: the segments are read twice, one in memory at a time; about 100 bytes a version; no index is built before the first open.
///
/// # Errors
/// `NOT_FOUND` (no segments), `KEY_REQUIRED`, `KEY_WRONG`, `NOT_ENCRYPTED` (of the source), `STORE_LOCKED` (a process has the source open: use `snapshot`), `INVALID_ARGUMENT` (the target is
/// not empty), `UNSUPPORTED_FORMAT`, `NO_SPACE`, `IO`, `ABORTED`.
pub fn salvage(from: &Path, to: &Path, options: &SalvageOptions, progress: Option<&ProgressFn>) -> Result<SalvageReport> {
    check_apart(from, to)?;
    let new_store = (uuid::Uuid::new_v4().as_u128(), uuid::Uuid::new_v4().as_u64_pair().0);
    salvage_on(&RealVfs, from, to, &SystemClock::default(), new_store, options, progress)
}

/// The same on another disk.
#[doc(hidden)]
pub fn salvage_on(
    vfs: &(dyn Vfs + 'static),
    from: &Path,
    to: &Path,
    clock: &dyn Clock,
    new_store: (u128, u64),
    options: &SalvageOptions,
    progress: Option<&ProgressFn>,
) -> Result<SalvageReport> {
    let lock_path = from.join("LOCK");
    let lock = vfs.lock_shared(&lock_path).map_err(|e| Error::io("cannot lock", &lock_path, &e))?;
    let _lock = lock.ok_or_else(|| Error::StoreLocked { path: from.into(), pid: 0 })?;
    let source = Files::new(vfs, cipher_of(vfs, from, options.encryption_key.as_ref())?);
    let key = options.target_key()?;
    let encryption = key.map(|key| Encryption::create(key, new_store.0)).transpose()?;
    let opened = encryption.as_ref().zip(key).map(|(e, key)| e.open(key, new_store.0)).transpose()?;
    let target = Files::new(vfs, opened.flatten());
    staged(vfs, to, |room| {
        let report = SalvageReport::default();
        let run = Run { clock, options, progress, started: clock.monotonic_ms(), report, table: Table::default() };
        run.run(source.vfs(), from, (target.vfs(), room, encryption), new_store)
    })
}

struct Run<'a> {
    clock: &'a dyn Clock,
    options: &'a SalvageOptions,
    progress: Option<&'a ProgressFn>,
    started: i64,
    report: SalvageReport,
    table: Table,
}

/// What is copied of one segment.
type Wanted = HashMap<u32, Vec<(u32, u64)>>;

impl Run<'_> {
    fn run(
        mut self,
        reads: &dyn Vfs,
        from: &Path,
        (vfs, room, encryption): (&dyn Vfs, &Path, Option<Encryption>),
        (store_id, seed): (u128, u64),
    ) -> Result<SalvageReport> {
        let source = Source::look(reads, from, &mut self.report)?;
        let total = source.parts.len() as u64 * 2;
        for (i, part) in source.parts.iter().enumerate() {
            self.read(&source, i as u32, part)?;
            self.tell("read", i as u64 + 1, total);
        }
        self.add_id_table(&source);
        let key_seed = source.manifest.as_ref().map(|m| m.key_seed);
        let now = self.clock.wall_ms();
        let mut saved: HashMap<u64, (u128, At)> = HashMap::new();
        let mut stepped: HashMap<u64, (u32, u32)> = HashMap::new();
        let mut gone: HashSet<u128> = HashSet::new();
        for (key, events) in &mut self.table.chunks {
            match fate(events, now) {
                Fate::Saved { sequence, at, version, lost_version } => {
                    saved.insert(sequence, (*key, at));
                    if let Some(lost) = lost_version {
                        stepped.insert(sequence, (version, lost));
                    }
                }
                Fate::Deleted { from_index } => {
                    gone.insert(*key);
                    self.report.deleted += 1;
                    self.report.deletes_from_index += u64::from(from_index);
                }
                Fate::Expired => {
                    gone.insert(*key);
                    self.report.expired += 1;
                }
                Fate::Lost => self.report.lost += 1,
            }
        }
        let model = self.model(&source, &saved);
        let vectors = self.vectors_of(&saved, model.as_ref());
        let mut wanted = Wanted::new();
        for (sequence, (_, at)) in &saved {
            wanted.entry(at.segment).or_default().push((at.offset, *sequence));
        }
        for v in vectors.values() {
            wanted.entry(v.at.segment).or_default().push((v.at.offset, v.chunk));
        }
        let mut target = Target::create(vfs, room, (store_id, key_seed.unwrap_or(seed)))?;
        target.manifest.model = model;
        target.manifest.encryption = encryption;
        for (i, part) in source.parts.iter().enumerate() {
            if let Some(mut places) = wanted.remove(&(i as u32)) {
                places.sort_unstable();
                self.copy(&source, part, &places, &stepped, &mut target)?;
            }
            self.tell("write", (source.parts.len() + i) as u64 + 1, total);
        }
        self.copy_counters(&saved, key_seed, &mut target)?;
        self.copy_feedback(&source, vfs, room, store_id, &gone)?;
        target.finish()?;
        self.report.stepped_back_chunks.sort_by(|a, b| (&a.namespace, &a.id).cmp(&(&b.namespace, &b.id)));
        self.judge();
        Ok(self.report)
    }

    #[allow(clippy::cast_precision_loss)] // a rate
    fn tell(&self, phase: &'static str, done: u64, total: u64) {
        let Some(f) = self.progress else { return };
        let seconds = ((self.clock.monotonic_ms() - self.started).max(1)) as f64 / 1e3;
        let rate = done as f64 / seconds;
        f(Progress { phase, done, total: Some(total), rate, seconds_left: Some(total.saturating_sub(done) as f64 / rate) });
    }

    /// Takes in all records of a segment.
    fn read(&mut self, source: &Source<'_>, index: u32, part: &Part) -> Result<()> {
        let Some(bytes) = source.read(part, Some(&mut self.report))? else { return Ok(()) };
        let name = format!("log/{}", segment_name(part.number));
        if let Some(Err(e)) = source.store_id.map(|id| check_header(&bytes, &part.path, part.number, id)) {
            match e {
                // a header that is whole and says so: its records are of a format this build does not read
                e @ Error::UnsupportedFormat { .. } => return Err(e),
                Error::Corrupt { offset, what, .. } if store_id_of(&bytes).is_none() => {
                    self.report.damage(damage(&name, offset, what, "nothing: what it said is known"));
                }
                e => {
                    let what = if let Error::Corrupt { what, .. } = e { what } else { e.to_string() };
                    self.report.damage(damage(&name, 16, what, "the records in it: they are not this store's"));
                    return Ok(());
                }
            }
        }
        let Some(salt) = salt_of(&bytes, part.number, source.store_id) else {
            if bytes.len() > SEGMENT_HEADER || part.length.is_some() {
                self.report.damage(damage(&name, 0, "no group of it can be recognised", "the records in it"));
            }
            return Ok(());
        };
        let (seed, known_seed) = source.manifest.as_ref().map_or((0, false), |m| (m.key_seed, true));
        let (table, report) = (&mut self.table, &mut self.report);
        let mut unreadable: Vec<(usize, usize, String)> = Vec::new();
        let frame = Frame::new(salt, part.number, source.vfs);
        let holes = walk(&bytes, &frame, &self.options.cancel, &mut |met: Met<'_>| {
            report.records += 1;
            report.records_from_damaged_groups += u64::from(met.alone);
            let at = At { segment: index, offset: met.offset as u32, length: met.length as u32 };
            table.last_sequence = table.last_sequence.max(met.sequence);
            match met.view {
                RecordView::Chunk(c) => {
                    let fault = check_chunk(source, &c).err();
                    let what = What::Stored { version: c.version, expires_at: c.expires_at, readable: fault.is_none() };
                    table.add(chunk_key(seed, c.namespace, c.id), Event { sequence: met.sequence, at: Some(at), what });
                    if let Some(fault) = fault {
                        let lost =
                            format!("{fault}: version {} of the chunk {:?} (namespace {:?})", c.version, c.id, c.namespace);
                        unreadable.push((met.offset, met.length, lost));
                    }
                }
                RecordView::Tombstone { namespace, id, .. } => {
                    let event = Event { sequence: met.sequence, at: Some(at), what: What::Deleted };
                    table.add(chunk_key(seed, namespace, id), event);
                }
                RecordView::Purge { key, .. } => {
                    let event = Event { sequence: met.sequence, at: Some(at), what: What::Deleted };
                    if known_seed {
                        table.add(key, event);
                    } else {
                        table.purges.push((key, event));
                    }
                }
                RecordView::Vector(v) => {
                    let dimensions = (v.values.len() / 4) as u32;
                    let (chunk, sequence, model) = (v.chunk, met.sequence, v.model);
                    table.vectors.push(FoundVector { chunk, sequence, model, dimensions, at });
                }
                RecordView::Usage(entries) if known_seed => entries.into_iter().for_each(|e| table.count(e)),
                RecordView::Usage(_) => {}
            }
            Ok(())
        })?;
        for (offset, length, lost) in unreadable {
            let mut bad = damage(&name, offset as u64, "the version cannot be read", lost);
            bad.length = length as u64;
            self.report.damage(bad);
        }
        let tail = part.length.is_none();
        for hole in holes {
            let (lost, what) = match hole.records {
                Some(0) => ("nothing: all its records were found".to_owned(), "a group does not match its checksum"),
                Some(n) => (format!("{n} records"), "a group does not match its checksum"),
                None if tail && hole.offset + hole.length == bytes.len() => {
                    ("records, or a write that was never finished".to_owned(), "the end of the log cannot be read")
                }
                None => ("the records that were here, if any".to_owned(), "no record begins here"),
            };
            self.report.records_lost += hole.records.unwrap_or(0);
            let mut bad = damage(&name, hole.offset as u64, what, lost);
            bad.length = hole.length as u64;
            self.report.damage(bad);
        }
        Ok(())
    }

    /// What the saved id table knows of chunks whose records are gone: that they were deleted, or that there was a newer version.
    fn add_id_table(&mut self, source: &Source<'_>) {
        let rows = read_rows(source.vfs, &source.root.join("index")).unwrap_or_default();
        let met: HashMap<u64, u128> =
            self.table.chunks.iter().flat_map(|(key, events)| events.iter().map(|e| (e.sequence, *key))).collect();
        // without the seed its keys say nothing; a version that was met says whose they are
        let seeded = source.manifest.is_some();
        let mut keys: HashMap<u128, u128> = HashMap::new();
        if !seeded {
            keys.extend(rows.iter().filter_map(|r| Some((r.key, *met.get(&r.sequence)?))));
        }
        for (purged, event) in std::mem::take(&mut self.table.purges) {
            match keys.get(&purged) {
                Some(key) => self.table.add(*key, event),
                None => self
                    .report
                    .warn("MANIFEST had the key of purges: a chunk that was purged, and not compacted since, may be back"),
            }
        }
        for r in rows.iter().filter(|r| !met.contains_key(&r.sequence)) {
            let Some(key) = (if seeded { Some(r.key) } else { keys.get(&r.key).copied() }) else { continue };
            let stored = What::Stored { version: r.version, expires_at: r.expires_at, readable: false };
            let what = if r.tombstone { What::Deleted } else { stored };
            self.table.add(key, Event { sequence: r.sequence, at: None, what });
        }
    }

    /// The model the new store's vectors are of.
    fn model(&mut self, source: &Source<'_>, saved: &HashMap<u64, (u128, At)>) -> Option<ModelId> {
        if let Some(m) = &source.manifest {
            return m.model.clone();
        }
        let mut found: HashMap<(u64, u32), u64> = HashMap::new();
        for v in self.table.vectors.iter().filter(|v| saved.contains_key(&v.chunk)) {
            *found.entry((v.model, v.dimensions)).or_default() += 1;
        }
        let ((hash, dimensions), _) = found.into_iter().max_by_key(|(_, n)| *n)?;
        let folders: Vec<ModelFolder> =
            self.options.models_paths.iter().map(|path| ModelFolder { path: path.clone(), explicit: true }).collect();
        let known = || {
            let name = self.options.embedding_model.as_deref().unwrap_or("all-MiniLM-L6-v2");
            ModelDir::find(&folders, name).and_then(|m| m.model_id()).ok()
        };
        let is = |name: &String| xxhash_rust::xxh3::xxh3_64(name.as_bytes()) == hash;
        let name = Some(SUPPLIED_MODEL.to_owned()).filter(is).or_else(|| known().filter(is));
        if name.is_none() {
            self.report.warn(
                "MANIFEST had the name of the model and no model known here made these vectors: they are left out, and computed again when the store is opened with its model",
            );
        }
        name.map(|id| ModelId { id, dimensions: dimensions as usize })
    }

    /// The newest vector of each saved version.
    fn vectors_of(&self, saved: &HashMap<u64, (u128, At)>, model: Option<&ModelId>) -> HashMap<u64, FoundVector> {
        let mut newest: HashMap<u64, FoundVector> = HashMap::new();
        let Some(model) = model else { return newest };
        let hash = xxhash_rust::xxh3::xxh3_64(model.id.as_bytes());
        let fits =
            |v: &&FoundVector| v.model == hash && v.dimensions as usize == model.dimensions && saved.contains_key(&v.chunk);
        for v in self.table.vectors.iter().filter(fits) {
            let known = newest.entry(v.chunk).or_insert(*v);
            if known.sequence < v.sequence {
                *known = *v;
            }
        }
        newest
    }

    /// Copies these records of a segment: chunks as they are stored, under the new store's checksums.
    fn copy(
        &mut self,
        source: &Source<'_>,
        part: &Part,
        places: &[(u32, u64)],
        stepped: &HashMap<u64, (u32, u32)>,
        target: &mut Target<'_>,
    ) -> Result<()> {
        let changed =
            || Error::Corrupt { path: part.path.clone(), offset: 0, what: "it reads otherwise than a moment ago".into() };
        let bytes = source.read(part, None)?.ok_or_else(changed)?;
        let salt = salt_of(&bytes, part.number, source.store_id).ok_or_else(changed)?;
        let (frame, mut scratch) = (Frame::new(salt, part.number, source.vfs), Vec::new());
        for &(offset, _) in places {
            self.options.cancel.check()?;
            let record = bytes.get(offset as usize..).unwrap_or_default();
            let (sequence, view, _) = decode_record(record, &frame, &mut scratch).map_err(|_| changed())?;
            match view {
                RecordView::Chunk(c) => {
                    let raw = raw_of(source, &c).map_err(|_| changed())?;
                    // without a dictionary: those of the source may have been made of chunks that were purged
                    let packed = if c.dictionary == 0 { None } else { source.codec.compress(&raw, 0, LEVEL)? };
                    let c = match &packed {
                        _ if c.dictionary == 0 => c,
                        Some(packed) => ChunkRecord { dictionary: 0, compressed: true, payload: packed, ..c },
                        None => ChunkRecord { dictionary: 0, compressed: false, payload: &raw, ..c },
                    };
                    target.add(sequence, |out, frame| _ = encode_chunk(out, frame, sequence, &c))?;
                    self.report.chunks += 1;
                    if let Some((version, lost_version)) = stepped.get(&sequence).copied() {
                        let (id, namespace) = (c.id.to_owned(), c.namespace.to_owned());
                        self.report.step_back(SteppedBack { id, namespace, version, lost_version });
                    }
                }
                RecordView::Vector(v) => {
                    let mut values = Vec::new();
                    v.read_into(&mut values);
                    if values.iter().all(|x| x.is_finite()) {
                        let write = |out: &mut Vec<u8>, frame: &Frame| {
                            _ = encode_vector(out, frame, sequence, v.chunk, v.model, v.truncated, &values);
                        };
                        target.add(sequence, write)?;
                        self.report.vectors += 1;
                    }
                }
                RecordView::Tombstone { .. } | RecordView::Purge { .. } | RecordView::Usage(_) => return Err(changed()),
            }
        }
        Ok(())
    }

    /// How often the saved chunks were read.
    fn copy_counters(&self, saved: &HashMap<u64, (u128, At)>, seed: Option<u64>, target: &mut Target<'_>) -> Result<()> {
        if seed.is_none() {
            return Ok(());
        }
        let mut counters: Vec<_> = saved.values().filter_map(|(key, _)| self.table.usage.get(key).copied()).collect();
        counters.sort_unstable_by_key(|e| e.key);
        for (i, some) in counters.chunks(4_096).enumerate() {
            let sequence = self.table.last_sequence + 1 + i as u64;
            target.add(sequence, |out, frame| _ = encode_usage(out, frame, sequence, some))?;
        }
        Ok(())
    }

    /// Feedback is of its own file, and about chunks that are not gone; what was learned from it is learned again.
    fn copy_feedback(
        &mut self,
        source: &Source<'_>,
        vfs: &dyn Vfs,
        room: &Path,
        store_id: u128,
        gone: &HashSet<u128>,
    ) -> Result<()> {
        let seed = source.manifest.as_ref().map_or(0, |m| m.key_seed);
        let dir = source.root.join("feedback");
        match EventFile::open_read(source.vfs, &dir, source.store_id) {
            Ok(None) => {}
            Ok(Some(file)) => {
                for at in &file.damaged {
                    self.report.damage(damage("feedback/events", *at, "an event does not match its checksum", "feedback events"));
                }
                let events: Vec<_> = file
                    .events
                    .iter()
                    .filter(|e| !gone.contains(&chunk_key(seed, &e.namespace, &e.chunk_id)))
                    .map(|e| (**e).clone())
                    .collect();
                self.report.feedback_events = events.len() as u64;
                if !events.is_empty() {
                    let mut copy = EventFile::create(vfs, &room.join("feedback"), store_id)?;
                    for some in events.chunks(1_000) {
                        copy.append(some.to_vec())?;
                    }
                }
            }
            Err(Error::Corrupt { offset, what, .. }) => {
                self.report.damage(damage("feedback/events", offset, what, "the feedback events"));
            }
            Err(e) => self.report.damage(damage("feedback/events", 0, e.to_string(), "the feedback events")),
        }
        Ok(())
    }

    /// What the findings mean.
    fn judge(&mut self) {
        let r = &mut self.report;
        r.ok = r.damages == 0 && r.lost == 0 && r.stepped_back == 0;
        let in_log = |d: &crate::report::Damage| d.file.starts_with("log/") && !d.lost.starts_with("nothing");
        if r.damaged.iter().any(in_log) {
            r.warn(
                "records of the log are lost: a chunk may be missing or older than it was, and one whose delete was among them may be back",
            );
        }
    }
}

/// What does not fit of a version, if anything.
fn check_chunk(source: &Source<'_>, c: &ChunkRecord<'_>) -> std::result::Result<(), &'static str> {
    let raw = raw_of(source, c)?;
    decode_payload(&raw).map(|_| ()).ok_or("its payload does not parse")
}

/// The payload of a version.
fn raw_of<'a>(source: &Source<'_>, c: &ChunkRecord<'a>) -> std::result::Result<Cow<'a, [u8]>, &'static str> {
    if !c.compressed {
        return Ok(Cow::Borrowed(c.payload));
    }
    // a frame says nothing of its length, so `raw_len` is what is allocated: a length no store writes is refused first
    if c.raw_len as usize > MOST_PAYLOAD {
        return Err("its length is impossible");
    }
    source.codec.decompress(c.payload, c.dictionary, c.raw_len as usize).map(Cow::Owned)
}

/// zstd level of what is compressed anew.
const LEVEL: i32 = 3;
/// Largest payload: a chunk of the largest size there can be, and its metadata.
const MOST_PAYLOAD: usize = 256 << 20;
