//! Into the new store: versions, counters, feedback.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::read::raw_of;
use super::report::SteppedBack;
use super::run::Run;
use super::salt::salt_of;
use super::source::{Part, Source, damage};
use super::table::At;
use super::target::Target;
use crate::engine::chunk_key;
use crate::error::{Error, Result};
use crate::feedback::EventFile;
use crate::log::{ChunkRecord, Frame, RecordView, decode_record, encode_chunk, encode_usage, encode_vector};
use crate::vfs::Vfs;

/// zstd level of what is compressed anew.
const LEVEL: i32 = 3;

impl Run<'_> {
    /// Copies these records of a segment: chunks as they are stored, under the new store's checksums.
    pub(super) fn copy(
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
    pub(super) fn copy_counters(
        &self,
        saved: &HashMap<u64, (u128, At)>,
        seed: Option<u64>,
        target: &mut Target<'_>,
    ) -> Result<()> {
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
    pub(super) fn copy_feedback(
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
}
