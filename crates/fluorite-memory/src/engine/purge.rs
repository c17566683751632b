//! Provable delete: when compaction removes what is doomed, and what has to forget it before the log does.
//!
//! The log comes last. Before a doomed version leaves it, the lists of graphs and of text segments name the files that hold
//! something of it, feedback about it is gone, and the manifest names the dictionaries it may have been a sample of. A kill
//! at any point leaves either the log's record or those notes, so that the next run goes on.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::shared::Shared;
use super::state::State;
use crate::error::{Error, Result};
use crate::log::{Manifest, dictionary_name};
use crate::mutants::mutant;

/// Rewriting for a purge starts behind the calls at most this often (ms).
const PURGE_EVERY: i64 = 60_000;
/// What has ended by its time is removed this much later at the latest, with much else (ms).
const EXPIRED_WAIT: i64 = 3_600_000;

/// What a doomed version left in derived files is found by.
struct Gone {
    keys: HashSet<u128>,
    sequences: HashSet<u64>,
}

impl Shared {
    /// Something was doomed: by a purge, or by its time.
    pub fn purge_later(&self, asked: bool) {
        if self.reader.is_some() {
            return; // the writer does
        }
        let now = self.clock.monotonic_ms();
        let next = self.purged_at.load(Ordering::Acquire).saturating_add(PURGE_EVERY).max(now);
        let due = if asked { next } else { now.saturating_add(EXPIRED_WAIT) };
        self.purge_due.fetch_min(due, Ordering::AcqRel);
    }

    /// Whether the background is to purge now.
    pub fn is_purge_due(&self) -> bool {
        self.clock.monotonic_ms() >= self.purge_due.load(Ordering::Acquire)
    }

    /// Milliseconds until the committer has to look again by itself: 0 when a purge is due, `None` when there is nothing to
    /// wait for. The end of a chunk's time counts: in a process that is idle nobody else would notice it.
    pub fn purge_wait(&self) -> Option<u64> {
        let mut due = self.next_deadline.load(Ordering::Acquire);
        // nothing is removed before the next open, or an optimize() that works
        if self.compaction.lock().failure.is_none() && self.check_poison().is_ok() {
            due = due.min(self.purge_due.load(Ordering::Acquire));
        }
        (due != i64::MAX).then(|| u64::try_from(due.saturating_sub(self.clock.monotonic_ms())).unwrap_or(0))
    }

    /// Takes a purge that is due: should it fail, the next try is a minute later.
    pub fn take_due_purge(&self) -> bool {
        let due = self.is_purge_due();
        if due {
            let now = self.clock.monotonic_ms();
            self.purged_at.store(now, Ordering::Release);
            self.purge_due.store(now.saturating_add(PURGE_EVERY), Ordering::Release);
        }
        due
    }

    /// A purge has come to its end; what was doomed meanwhile waits for the next.
    pub fn purge_ended(&self) {
        self.purged_at.store(self.clock.monotonic_ms(), Ordering::Release);
        self.purge_due.store(i64::MAX, Ordering::Release);
        if !self.state.read().doomed.rows.is_empty() {
            self.purge_later(true);
        }
    }

    /// Versions and files that still hold something purged or expired; 0: nothing of it is left.
    pub fn purge_pending(&self) -> u64 {
        let epoch = self.purges.load(Ordering::Acquire);
        let (doomed, orphans) = {
            let state = self.state.read();
            (state.doomed.rows.len(), state.doomed.orphans.len())
        };
        let graphs = {
            let graphing = self.graphing.lock();
            graphing.list.purge.len() + usize::from(graphing.began.is_some_and(|e| e != epoch))
        };
        let texts = {
            let sealing = self.text.sealing.lock();
            sealing.list.purge.len() + usize::from(sealing.began.is_some_and(|e| e != epoch))
        };
        let spoiled = self.spoiled.load(Ordering::Acquire) as usize;
        (doomed + orphans + graphs + texts + spoiled + self.unremoved.lock().len()) as u64
    }

    /// Removes a file that holds something purged; one that cannot be is tried again by the next compaction, and that comes.
    pub fn remove_for_good(&self, path: PathBuf) {
        match self.vfs.remove(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                self.unremoved.lock().push(path);
                self.purge_later(true);
            }
            _ => {}
        }
    }

    /// Removes what could not be removed before, and makes all removals durable: after it no power cut brings a file back.
    pub fn settle_removals(&self) -> Result<()> {
        self.remove_leftovers()?;
        if mutant!("purge_not_durable") {
            return Ok(());
        }
        for dir in [self.log_dir(), self.index_dir()] {
            self.vfs.sync_dir(&dir).map_err(|e| Error::io("cannot make the removal of files durable in", &dir, &e))?;
        }
        Ok(())
    }

    /// Tries again what could not be removed; the first that still cannot.
    fn remove_leftovers(&self) -> Result<()> {
        let mut left = self.unremoved.lock();
        let mut failed = None;
        left.retain(|path| match self.vfs.remove(path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                failed.get_or_insert_with(|| Error::io("cannot remove a file with purged chunks", path, &e));
                true
            }
            _ => false,
        });
        failed.map_or(Ok(()), Err)
    }

    /// Notes in the manifest which dictionaries doomed versions may have been samples of; whether there was one more.
    pub fn spoil(&self, state: &State, manifest: &mut Manifest, victims: Option<&[u32]>) -> bool {
        let rows = state.doomed.rows.iter().filter(|row| !state.doomed.judged.contains(*row)).filter_map(|row| state.row(row));
        let rows = rows.filter(|r| !r.tombstone && r.expires_at.is_none()); // with a TTL it was no sample
        let rows = rows.filter(|r| victims.is_none_or(|v| v.contains(&r.at.segment)));
        rows.filter(|_| !mutant!("purge_leaves_sample")).fold(false, |more, r| manifest.spoil(r.sequence) | more)
    }

    /// Whether a record may still need a spoiled dictionary, and where it lies.
    pub fn spoiled_segments(&self, state: &State, manifest: &Manifest) -> HashSet<u32> {
        if manifest.spoiled.is_empty() {
            return HashSet::new();
        }
        let unused: HashSet<u32> = state.free.iter().copied().collect();
        let rows = state.rows.iter().enumerate().filter(|(i, r)| !r.tombstone && !unused.contains(&(*i as u32)));
        rows.filter(|(_, r)| manifest.spoiled.contains(&r.dictionary)).map(|(_, r)| r.at.segment).collect()
    }

    /// Forgets dictionaries that no record needs any more, and removes their files.
    pub fn drop_spoiled(&self, manifest: &mut Manifest) -> Result<()> {
        let mut next = manifest.clone();
        let gone = next.drop_spoiled();
        if gone.is_empty() {
            return Ok(());
        }
        next.save(&*self.vfs, &self.config.path)?;
        *manifest = next;
        self.spoiled.store(0, Ordering::Release);
        for id in gone {
            self.remove_for_good(self.dict_dir().join(dictionary_name(id)));
        }
        self.vfs.sync_dir(&self.dict_dir()).map_err(|e| Error::io("cannot sync", self.dict_dir(), &e))
    }

    /// Before the doomed records of these segments leave the log: everything derived forgets them, or is marked to be made
    /// anew. `next`: the manifest without those segments. Whether anything was doomed.
    pub fn forget_derived(&self, victims: &[u32], next: &mut Manifest) -> Result<bool> {
        let gone = {
            let state = self.state.read();
            self.spoil(&state, next, Some(victims));
            let rows = state.doomed.rows.iter().filter_map(|row| state.row(row)).filter(|r| victims.contains(&r.at.segment));
            let mut gone = Gone { keys: HashSet::new(), sequences: HashSet::new() };
            for r in rows {
                gone.keys.insert(r.key);
                gone.sequences.insert(r.sequence);
            }
            gone
        };
        if gone.keys.is_empty() {
            return Ok(false);
        }
        self.purges.fetch_add(1, Ordering::AcqRel);
        self.forget_feedback(&gone.keys)?;
        self.mark_graphs(&gone.sequences)?;
        self.mark_texts(&gone.sequences)?;
        self.embeddings.clear();
        Ok(true)
    }

    /// Before a purge of keys that lack versions is acknowledged: what is derived from rows nobody knows any more is to be made
    /// anew, whoever's they were, and so are all dictionaries. Each step is durable before the next one.
    pub fn forget_unknown(&self, keys: &HashSet<u128>, manifest: &mut Manifest) -> Result<()> {
        self.purges.fetch_add(1, Ordering::AcqRel);
        self.forget_feedback(keys)?;
        let dead = self.rowless();
        self.mark_graphs(&dead)?;
        self.mark_texts(&dead)?;
        let mut next = manifest.clone();
        if next.spoil(0) {
            next.save(&*self.vfs, &self.config.path)?;
            *manifest = next;
            self.spoiled.store(manifest.spoiled.len() as u32, Ordering::Release);
        }
        self.embeddings.clear();
        self.purge_later(true);
        if let Some(shared) = self.me.upgrade() {
            shared.schedule_background();
        }
        Ok(())
    }

    /// Sequence numbers in graphs and text segments whose version is not in the log any more.
    fn rowless(&self) -> HashSet<u64> {
        let texts: Vec<_> = self.text.index.read().segments().collect();
        let state = self.state.read();
        let unused: HashSet<u32> = state.free.iter().copied().collect();
        let rows = state.rows.iter().enumerate().filter(|(i, _)| !unused.contains(&(*i as u32)));
        let known: HashSet<u64> = rows.map(|(_, r)| r.sequence).collect();
        let graphs = state.vectors.iter().flat_map(|v| v.graphs());
        let nodes = graphs.flat_map(|info| info.graph.ids().map(|(sequence, _)| sequence).collect::<Vec<_>>());
        let documents = texts.iter().flat_map(|info| info.segment.sequences().collect::<Vec<_>>());
        nodes.chain(documents).filter(|sequence| !known.contains(sequence)).collect()
    }

    fn mark_graphs(&self, gone: &HashSet<u64>) -> Result<()> {
        if mutant!("purge_leaves_vector") {
            return Ok(());
        }
        let _listing = self.listing.lock();
        self.unlist_former()?;
        let infos: Vec<_> = self.state.read().vectors.iter().flat_map(|v| v.graphs().collect::<Vec<_>>()).collect();
        let holds = |graph: &crate::index::Graph| graph.ids().any(|(sequence, _)| gone.contains(&sequence));
        let found: Vec<u32> = infos.iter().filter(|i| holds(&i.graph)).map(|i| i.graph.number()).collect();
        let mut list = self.graphing.lock().list.clone();
        let before = list.purge.len();
        list.purge.extend(found.into_iter().filter(|n| list.graphs.contains(n) && !list.purge.contains(n)).collect::<Vec<_>>());
        if list.purge.len() > before {
            list.save(&*self.vfs, &self.index_dir())?;
            self.graphing.lock().list.purge = list.purge; // not `next`: a job may have taken a number meanwhile
        }
        Ok(())
    }

    fn mark_texts(&self, gone: &HashSet<u64>) -> Result<()> {
        if mutant!("purge_leaves_text") {
            return Ok(());
        }
        let _installing = self.text.installing.lock();
        let _listing = self.text.listing.lock();
        let infos: Vec<_> = self.text.index.read().segments().collect();
        let holds = |segment: &crate::index::TextSegment| segment.sequences().any(|sequence| gone.contains(&sequence));
        let found: Vec<u32> = infos.iter().filter(|i| holds(&i.segment)).map(|i| i.segment.number()).collect();
        let mut list = self.text.sealing.lock().list.clone();
        let before = list.purge.len();
        list.purge.extend(found.into_iter().filter(|n| list.texts.contains(n) && !list.purge.contains(n)).collect::<Vec<_>>());
        if list.purge.len() > before {
            list.save(&*self.vfs, &self.index_dir())?;
            self.text.sealing.lock().list.purge = list.purge;
        }
        Ok(())
    }
}
