//! What the files say: every record that is whole, and the id table.

use std::borrow::Cow;
use std::collections::HashMap;

use super::run::Run;
use super::salt::{salt_of, store_id_of};
use super::source::{Part, Source, damage};
use super::table::{At, Event, FoundVector, What};
use super::walk::{Met, walk};
use crate::engine::{chunk_key, read_rows};
use crate::error::{Error, Result};
use crate::log::{ChunkRecord, Frame, RecordView, SEGMENT_HEADER, check_header, decode_payload, segment_name};

/// Largest payload: a chunk of the largest size there can be, and its metadata.
const MOST_PAYLOAD: usize = 256 << 20;

impl Run<'_> {
    /// Takes in all records of a segment.
    pub(super) fn read(&mut self, source: &Source<'_>, index: u32, part: &Part) -> Result<()> {
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
    pub(super) fn add_id_table(&mut self, source: &Source<'_>) {
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
}

/// What does not fit of a version, if anything.
fn check_chunk(source: &Source<'_>, c: &ChunkRecord<'_>) -> std::result::Result<(), &'static str> {
    let raw = raw_of(source, c)?;
    decode_payload(&raw).map(|_| ()).ok_or("its payload does not parse")
}

/// The payload of a version.
pub(super) fn raw_of<'a>(source: &Source<'_>, c: &ChunkRecord<'a>) -> std::result::Result<Cow<'a, [u8]>, &'static str> {
    if !c.compressed {
        return Ok(Cow::Borrowed(c.payload));
    }
    // a frame says nothing of its length, so `raw_len` is what is allocated: a length no store writes is refused first
    if c.raw_len as usize > MOST_PAYLOAD {
        return Err("its length is impossible");
    }
    source.codec.decompress(c.payload, c.dictionary, c.raw_len as usize).map(Cow::Owned)
}
