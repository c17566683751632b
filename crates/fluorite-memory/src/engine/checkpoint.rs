//! A copy of the store while it is written to.
//!
//! At its place in the order of writes everything before is made durable and every file that counts is opened: what the copy
//! will hold is settled then. The copying goes on beside the calls; a file that compaction removes meanwhile is read through its
//! handle. Sealed segments, dictionaries, graphs and text segments never change; of the live segment the part that was durable at
//! that moment is copied, of the feedback events those there were.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::commit::Writer;
use super::graph_list::GraphList;
use super::queue::{Op, Settle};
use super::shared::Shared;
use super::text_list::TextList;
use crate::cancel::CancelToken;
use crate::crypt::save_keys;
use crate::error::{Error, Result};
use crate::index::{Graph, TextSegment};
use crate::log::{Manifest, segment_name};
use crate::mutants::mutant;
use crate::options::{ProgressFn, SnapshotOptions};
use crate::report::SnapshotReport;
use crate::vfs::{OpenMode, Vfs, VfsFile, check_apart, staged};

/// Bytes read and written at once.
const BUFFER: usize = 1 << 20;

/// A file of the copy.
struct Item {
    /// Path within the store.
    name: PathBuf,
    file: Box<dyn VfsFile>,
    length: u64,
    /// Checksum of the whole, where the manifest has one.
    crc: Option<u32>,
    /// Never changed in place: may be linked.
    immutable: bool,
}

/// What the copy will be.
struct Plan {
    manifest: Manifest,
    items: Vec<Item>,
    graphs: GraphList,
    texts: TextList,
    chunks: u64,
}

impl Shared {
    /// Makes the copy.
    pub fn checkpoint(
        self: &Arc<Self>,
        to: PathBuf,
        options: SnapshotOptions,
        cancel: CancelToken,
        progress: Option<ProgressFn>,
        settle: Settle<SnapshotReport>,
    ) {
        // read counters are written with a flush: the copy is to have them
        if !mutant!("snapshot_without_flush") {
            self.submit(self.queue.place(), Op::Flush { settle: Box::new(drop) });
        }
        let shared = Arc::clone(self);
        let plan = move |_: &Shared, w: &mut Writer| match cancel.check().and_then(|()| shared.plan(w)) {
            Err(e) => settle(Err(e)),
            Ok(plan) => {
                let (copying, held) = (Arc::clone(&shared), shared.begin_copy());
                let work = move || {
                    let made = copying.copy_out(plan, &to, options, &cancel, progress.as_ref());
                    drop(held);
                    settle(made);
                };
                if shared.executor.is_inline() {
                    work();
                } else {
                    shared.executor.spawn_long("snapshot", work); // dropped unrun when there is no thread: its owner is told
                }
            }
        };
        self.submit(self.queue.place(), Op::Exclusive(Box::new(plan)));
    }

    /// Opens what counts at this moment. The writer is held: nothing is written, sealed or swapped meanwhile.
    fn plan(&self, w: &mut Writer) -> Result<Plan> {
        self.check_poison()?;
        let unflushed = mutant!("snapshot_without_flush").then(|| w.live.synced());
        if unflushed.is_none() {
            w.sync(self)?;
        }
        self.expire_due();
        let root = &self.config.path;
        let mut items = Vec::new();
        let mut take = |name: PathBuf, length: Option<u64>, crc, immutable| -> Result<bool> {
            let path = root.join(&name);
            let file = match self.vfs.open(&path, OpenMode::Read) {
                Ok(file) => file,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
                Err(e) => return Err(Error::io("cannot open", path, &e)),
            };
            let there = file.len().map_err(|e| Error::io("cannot read", &path, &e))?;
            let length = length.unwrap_or(there);
            if there < length {
                return Err(Error::Corrupt { path, offset: there, what: "the file is shorter than it must be".into() });
            }
            items.push(Item { name, file, length, crc, immutable });
            Ok(true)
        };
        let gone = |name: &Path| Error::Corrupt { path: root.join(name), offset: 0, what: "the file is missing".into() };
        for s in &w.manifest.sealed {
            let name = Path::new("log").join(segment_name(s.number));
            if !take(name.clone(), Some(s.length), Some(s.crc), true)? {
                return Err(gone(&name));
            }
        }
        let live = Path::new("log").join(segment_name(w.manifest.live));
        let (length, crc) = unflushed.map_or((w.live.end(), Some(w.live.checksum())), |synced| (synced, None));
        if !take(live.clone(), Some(length), crc, false)? {
            return Err(gone(&live));
        }
        for id in &w.manifest.dictionaries {
            let name = Path::new("dict").join(format!("{id:08}"));
            if !take(name.clone(), None, None, true)? {
                return Err(gone(&name));
            }
        }
        // derived: what cannot be had is built again
        for name in ["ids", "filters"] {
            take(Path::new("index").join(name), None, None, false)?;
        }
        let mut graphs = self.graphing.lock().list.clone();
        let mut texts = self.text.sealing.lock().list.clone();
        let mut has = |name: String| take(Path::new("index").join(name), None, None, true).unwrap_or(false);
        graphs.graphs.retain(|n| has(Graph::file_name(*n)));
        texts.texts.retain(|n| has(TextSegment::file_name(*n)));
        {
            let mut events = self.feedback.events.lock();
            let end = self.open_events(&mut events).ok().and_then(|f| f.as_ref().map(|f| f.end()));
            let folder = Path::new("feedback");
            match end {
                Some(end) => _ = take(folder.join("events"), Some(end), None, false)?,
                None => _ = take(folder.join("events"), None, None, false)?, // damaged: as it is
            }
            take(folder.join("weights"), None, None, false)?;
        }
        let chunks = self.state.read().live.len() as u64;
        Ok(Plan { manifest: w.manifest.closed_at(length), items, graphs, texts, chunks })
    }

    fn copy_out(
        &self,
        plan: Plan,
        to: &Path,
        options: SnapshotOptions,
        cancel: &CancelToken,
        progress: Option<&ProgressFn>,
    ) -> Result<SnapshotReport> {
        check_apart(&self.config.path, to)?;
        let (vfs, root) = (&*self.vfs, &self.config.path);
        staged(vfs, to, |room| {
            for dir in ["log", "dict", "index", "feedback"].map(|d| room.join(d)) {
                vfs.create_dir_all(&dir).map_err(|e| Error::io("cannot create", &dir, &e))?;
            }
            let total = plan.items.iter().map(|i| i.length).sum();
            let (done, started) = (AtomicU64::new(0), self.clock.monotonic_ms());
            let tell = |more: usize| {
                let done = done.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
                self.report_progress(progress, "snapshot", done, Some(total), started);
            };
            let mut report = SnapshotReport { chunks: plan.chunks, bytes: total, ..SnapshotReport::default() };
            for item in &plan.items {
                cancel.check()?;
                let (from, target) = (root.join(&item.name), room.join(&item.name));
                // a file of that name is the one that was opened: a number is never used twice
                if options.link.unwrap_or(false) && item.immutable && vfs.link(&from, &target).is_ok() {
                    report.linked += 1;
                    tell(usize::try_from(item.length).unwrap_or(usize::MAX));
                } else {
                    copy(vfs, item, &from, &target, cancel, &tell)?;
                }
                report.files += 1;
            }
            cancel.check()?;
            plan.graphs.save(vfs, &room.join("index"))?;
            plan.texts.save(vfs, &room.join("index"))?;
            for dir in ["log", "dict", "index", "feedback"].map(|d| room.join(d)) {
                vfs.sync_dir(&dir).map_err(|e| Error::io("cannot sync", &dir, &e))?;
            }
            if let Some(encryption) = &plan.manifest.encryption {
                save_keys(vfs, room, self.store_id, encryption)?;
                report.files += 1;
            }
            plan.manifest.save(vfs, room)?;
            report.files += 3;
            Ok(report)
        })
    }
}

/// Copies a file and makes it durable, comparing it with its checksum where there is one.
fn copy(vfs: &dyn Vfs, item: &Item, from: &Path, to: &Path, cancel: &CancelToken, tell: &dyn Fn(usize)) -> Result<()> {
    let out = vfs.open(to, OpenMode::Create).map_err(|e| Error::io("cannot create", to, &e))?;
    let mut buffer = vec![0; BUFFER.min(usize::try_from(item.length).unwrap_or(BUFFER))];
    let (mut at, mut crc) = (0, 0);
    while at < item.length {
        cancel.check()?;
        let most = usize::try_from(item.length - at).unwrap_or(BUFFER).min(BUFFER);
        let part = &mut buffer[..most];
        item.file.read_at(part, at).map_err(|e| Error::io("cannot read", from, &e))?;
        crc = crc32c::crc32c_append(crc, part);
        out.write_at(part, at).map_err(|e| Error::io("cannot write", to, &e))?;
        at += most as u64;
        tell(most);
    }
    if item.crc.is_some_and(|wanted| wanted != crc) {
        let what =
            "the file does not match its checksum: a copy of it would be damaged too; verify({ deep: true }) says what is lost";
        return Err(Error::Corrupt { path: from.into(), offset: 0, what: what.into() });
    }
    out.sync().map_err(|e| Error::io("cannot sync", to, &e))
}
