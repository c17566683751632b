//! One record of an old segment: what of it is still wanted goes into the new one.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use super::output::{Job, Kind, Moved, Place};
use crate::engine::shared::{COMPACT_LEVEL, Shared};
use crate::error::{Error, Result};
use crate::log::{
    ChunkRecord, Frame, GroupBuilder, LiveSegment, Location, RecordView, ScannedRecord, UsageEntry, encode_chunk, encode_purge,
    encode_tombstone, encode_usage, encode_vector,
};
use crate::mutants::mutant;

impl Shared {
    #[allow(clippy::too_many_arguments)] // one record, where it comes from and where it goes
    pub(super) fn copy(
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
