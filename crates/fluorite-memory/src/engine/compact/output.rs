//! The new segment, and what became of the records of the old ones.

use std::collections::{HashMap, HashSet};

use crate::cancel::CancelToken;
use crate::engine::shared::Shared;
use crate::engine::state::Row;
use crate::error::Result;
use crate::log::{GroupBuilder, LiveSegment, Location, Segment, scan_segment};
use crate::options::ProgressFn;

/// Records per group of the new segment.
const GROUP_BYTES: usize = 1 << 20;

/// The plan of one round.
pub(super) struct Job {
    pub(super) victims: Vec<Segment>,
    pub(super) output: u32,
    pub(super) numbers: HashSet<u32>,
    pub(super) cancel: CancelToken,
    pub(super) progress: Option<ProgressFn>,
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
    /// Copies the wanted records of all victims.
    pub(super) fn write_output(&self, job: &Job) -> Result<(LiveSegment, Moved)> {
        let mut out = LiveSegment::create(&*self.vfs, &self.log_dir(), job.output, self.store_id)?;
        let mut moved = Moved::default();
        let rows: HashMap<u64, u32> = {
            let state = self.state.read();
            let here = |r: &Row| job.numbers.contains(&r.at.segment) || job.numbers.contains(&r.vector.segment);
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
}
