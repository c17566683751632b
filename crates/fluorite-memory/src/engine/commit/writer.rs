//! The log as it is written.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::shared::Shared;
use crate::engine::state::SegmentUse;
use crate::error::{Error, Result};
use crate::log::{LiveSegment, Location, Manifest, SealedSegment, Segment};
use crate::metrics::Stage;
use crate::mutants::mutant;

/// The only one that writes the log. Held by the committer, or by an exclusive op.
#[derive(Debug)]
pub struct Writer {
    pub live: LiveSegment,
    pub manifest: Manifest,
    pub store_id: u128,
    pub next_sequence: u64,
}

impl Writer {
    /// The next sequence number.
    pub fn sequence(&mut self) -> u64 {
        let s = self.next_sequence;
        self.next_sequence += 1;
        s
    }

    /// Where the next byte appended to `pending` will lie.
    pub(super) fn locate(&self, pending: &[u8]) -> Location {
        Location { segment: self.live.segment().number(), offset: (self.live.end() + pending.len() as u64) as u32, length: 0 }
    }

    pub(super) fn seal_if_full(&mut self, shared: &Arc<Shared>) {
        if self.live.end() >= shared.config.segment_bytes {
            let _ = self.seal(shared); // NO_SPACE: tried again with the next write; else poisoned
        }
    }

    /// Makes everything written durable; a failure poisons the store.
    pub fn sync(&mut self, shared: &Shared) -> Result<()> {
        self.sync_log(shared).inspect_err(|e| shared.poison(e))
    }

    /// Syncs what is not durable yet, and counts how long that took.
    pub(super) fn sync_log(&mut self, shared: &Shared) -> Result<()> {
        if self.live.synced() == self.live.end() {
            return Ok(());
        }
        shared.metrics.timed(Stage::Fsync, || self.live.sync())
    }

    /// Tells the next open how much of the live segment is durable. Without space for it nothing is told.
    pub fn mark_closed(&mut self, shared: &Shared) -> Result<()> {
        let next = self.manifest.closed_at(self.live.synced());
        if next == self.manifest {
            return Ok(());
        }
        match next.save(&*shared.vfs, &shared.config.path) {
            Err(Error::NoSpace { .. }) => Ok(()),
            other => other.map(|()| self.manifest = next),
        }
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
        state.usage.insert(segment.number(), SegmentUse { total: self.live.end(), ..Default::default() });
        state.segments.insert(segment.number(), segment);
        state.fresh.clear();
        Ok(())
    }
}
