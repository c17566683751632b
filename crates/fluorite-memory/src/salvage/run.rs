//! The salvage itself: read everything, decide, copy what counts.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::report::SalvageReport;
use super::source::{Source, cipher_of};
use super::table::{At, Fate, Table, fate};
use super::target::Target;
use crate::cancel::CancelToken;
use crate::clock::{Clock, SystemClock};
use crate::crypt::{Encryption, EncryptionKey, Files};
use crate::error::{Error, Result};
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

pub(super) struct Run<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) options: &'a SalvageOptions,
    pub(super) progress: Option<&'a ProgressFn>,
    pub(super) started: i64,
    pub(super) report: SalvageReport,
    pub(super) table: Table,
}

/// What is copied of one segment.
pub(super) type Wanted = HashMap<u32, Vec<(u32, u64)>>;

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
