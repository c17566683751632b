//! The log: every group and record, and what the tables in memory say of them.

use std::collections::HashMap;

use super::filters::Filters;
use super::ids::Ids;
use super::{Check, SALVAGE};
use crate::engine::prepare::chunk_key;
use crate::error::{Error, Result};
use crate::log::{ChunkRecord, Location, Manifest, RecordView, Segment, check_header, decode_payload, segment_name};
use crate::report::Damage;
use crate::salvage::{Hole, Met, walk};
use crate::vfs::OpenMode;

/// Looks into the records of a walk.
pub(super) trait Look {
    /// A record whose checksum holds; what is wrong with it all the same.
    fn meet(&mut self, check: &Check<'_>, segment: &Segment, met: &Met<'_>) -> Option<String>;
}

/// Checksums alone.
pub(super) struct Shallow;

impl Look for Shallow {
    fn meet(&mut self, _: &Check<'_>, _: &Segment, _: &Met<'_>) -> Option<String> {
        None
    }
}

/// Everything a record says.
pub(super) struct Deep {
    /// Live chunks that were not met yet: where each lies, by sequence number.
    unmet: HashMap<u64, (u32, Location)>,
    ids: Ids,
    filters: Filters,
    versions: u64,
}

impl Check<'_> {
    /// Walks all segments.
    pub(super) fn log(&mut self, manifest: &Manifest, look: &mut dyn Look) -> Result<()> {
        let shared = self.shared;
        // what is appended from now on is not judged: the length is taken before the bytes
        let live = match self.followed() {
            Some((manifest, end)) => Some((manifest.live, end)),
            None => shared.writer.lock().as_ref().map(|w| (w.live.segment().number(), w.live.end())),
        };
        let mut segments: Vec<Segment> = shared.state.read().segments.values().cloned().collect();
        segments.sort_by_key(Segment::number);
        let total = segments.len() as u64;
        for (i, segment) in segments.iter().enumerate() {
            self.cancel.check()?;
            let sealed = segment.map().map(|m| m.len() as u64);
            let upto = live.filter(|(n, _)| *n == segment.number()).map(|(_, end)| end);
            // a segment that began behind that moment is read by the next verify
            if let Some(length) = upto.or(sealed) {
                self.segment(segment, length, manifest, look)?;
            }
            self.tell("verify", i as u64 + 1, total);
        }
        Ok(())
    }

    fn segment(&mut self, segment: &Segment, length: u64, manifest: &Manifest, look: &mut dyn Look) -> Result<()> {
        let Some(bytes) = self.bytes_of(segment, length)? else { return Ok(()) };
        self.report.bytes += length;
        if let Err(e) = check_header(&bytes, segment.path(), segment.number(), self.shared.store_id) {
            self.note(e, "nothing while the store is open; it will not open again", SALVAGE)?;
        }
        let mut records = 0;
        let mut wrong: Vec<(usize, usize, String)> = Vec::new();
        let holes = {
            let this = &*self;
            walk(&bytes, segment.frame(), self.cancel, &mut |met: Met<'_>| {
                records += 1;
                if let Some(what) = look.meet(this, segment, &met) {
                    wrong.push((met.offset, met.length, what));
                }
                this.cancel.check()
            })?
        };
        self.report.records += records;
        let file = format!("log/{}", segment_name(segment.number()));
        for (offset, length, what) in wrong {
            let lost = self.lost_in(segment.number(), offset as u64, length as u64);
            self.damage(at(&file, offset, length, &what, lost));
        }
        let none = holes.is_empty();
        for Hole { offset, length, .. } in holes {
            let lost = self.lost_in(segment.number(), offset as u64, length as u64);
            self.damage(at(&file, offset, length, "no record here matches its checksum", lost));
        }
        let crc = manifest.sealed.iter().find(|s| s.number == segment.number()).map(|s| s.crc);
        if none && crc.is_some_and(|crc| crc32c::crc32c(&bytes) != crc) {
            let e = segment.corrupt(0, "the checksum of the whole segment does not match the manifest");
            self.note(e, "nothing that is known: every record of it matches its own", SALVAGE)?;
        }
        Ok(())
    }

    /// The file's bytes, read and not mapped: a disk that cannot read says so.
    fn bytes_of(&mut self, segment: &Segment, length: u64) -> Result<Option<Vec<u8>>> {
        let file = match self.shared.vfs.open(segment.path(), OpenMode::Read) {
            Ok(file) => file,
            // compacted away since; its records are in another by now
            Err(_) if !self.shared.state.read().segments.contains_key(&segment.number()) => return Ok(None),
            Err(e) => return Err(Error::io("cannot open", segment.path(), &e)),
        };
        let mut bytes = Vec::new();
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        bytes.try_reserve_exact(size).map_err(|_| Error::internal(format!("no memory to read {:?}", segment.path())))?;
        bytes.resize(size, 0);
        if let Err(e) = file.read_at(&mut bytes, 0) {
            let lost = self.lost_in(segment.number(), 0, length);
            let what = format!("the file cannot be read whole: {e}");
            self.damage(at(&format!("log/{}", segment_name(segment.number())), 0, 0, &what, lost));
            return Ok(None);
        }
        Ok(Some(bytes))
    }

    /// What of the live chunks lies there.
    fn lost_in(&self, number: u32, offset: u64, length: u64) -> String {
        let within = |l: &Location| {
            let (from, to) = (u64::from(l.offset), u64::from(l.offset) + u64::from(l.length));
            l.segment == number && !l.is_none() && from < offset + length.max(1) && offset < to
        };
        let state = self.shared.state.read();
        let rows = || state.live.iter().filter_map(|row| state.row(row));
        let chunks = rows().filter(|r| within(&r.at)).count();
        let vectors = rows().filter(|r| within(&r.vector)).count();
        match (chunks, vectors) {
            (0, 0) => "nothing that is live: older versions, deletes or counters at most".into(),
            (0, v) => format!("the vectors of {v} chunks"),
            (c, v) => format!("{c} chunks, and the vectors of {v}"),
        }
    }
}

fn at(file: &str, offset: usize, length: usize, what: &str, lost: String) -> Damage {
    Damage { file: file.into(), offset: offset as u64, length: length as u64, what: what.into(), lost, remedy: SALVAGE.into() }
}

impl Deep {
    pub(super) fn new(check: &mut Check<'_>) -> Result<Self> {
        let (ids, filters) = (Ids::load(check)?, Filters::load(check)?);
        let state = check.shared.state.read();
        let live = state.live.iter().filter_map(|row| Some((row, state.row(row)?)));
        let unmet = live.map(|(row, r)| (r.sequence, (row, r.at))).collect();
        Ok(Self { unmet, ids, filters, versions: 0 })
    }

    /// What was to be met and was not.
    pub(super) fn end(self, check: &mut Check<'_>) -> Result<()> {
        check.report.versions += self.versions;
        let holes = check.report.damages > 0;
        let gone: Vec<Location> = {
            let state = check.shared.state.read();
            let still = |(row, at): &(u32, Location), sequence: u64| {
                state.live.contains(*row) && state.row(*row).is_some_and(|r| r.sequence == sequence && r.at == *at)
            };
            self.unmet.iter().filter(|(sequence, known)| still(known, **sequence)).map(|(_, (_, at))| *at).collect()
        };
        // in a damaged log their places are among the holes
        for place in gone.iter().filter(|_| !holes) {
            let file = format!("log/{}", segment_name(place.segment));
            let (offset, length) = (place.offset as usize, place.length as usize);
            check.damage(at(&file, offset, length, "a live chunk should lie here, and does not", "1 chunk".into()));
        }
        self.ids.end(check, holes)?;
        self.filters.end(check)
    }

    fn version(&mut self, check: &Check<'_>, place: Location, sequence: u64, c: &ChunkRecord<'_>) -> Option<String> {
        let shared = check.shared;
        self.versions += 1;
        let named = || format!("version {} of the chunk {:?} (namespace {:?})", c.version, c.id, c.namespace);
        let key = chunk_key(shared.seed, c.namespace, c.id);
        if let Some((row, at)) = self.unmet.get(&sequence).copied()
            && at == place
        {
            self.unmet.remove(&sequence);
            let state = shared.state.read();
            let other = state.row(row).is_some_and(|r| r.sequence == sequence && r.key != key);
            if other {
                return Some(format!("{}: the id table has another chunk here", named()));
            }
        }
        self.ids.version(place, sequence, key, c);
        let raw;
        let payload = if c.compressed {
            match shared.codec.decompress(c.payload, c.dictionary, c.raw_len as usize) {
                Ok(bytes) => raw = bytes,
                Err(what) => return Some(format!("{}: {what}", named())),
            }
            &raw[..]
        } else {
            c.payload
        };
        let Some((attributes, _)) = decode_payload(payload) else {
            return Some(format!("{}: its payload does not parse", named()));
        };
        self.filters.version(sequence, c.namespace, &attributes, c.created_at);
        None
    }
}

impl Look for Deep {
    fn meet(&mut self, check: &Check<'_>, segment: &Segment, met: &Met<'_>) -> Option<String> {
        let place = Location { segment: segment.number(), offset: met.offset as u32, length: met.length as u32 };
        match &met.view {
            RecordView::Chunk(c) => self.version(check, place, met.sequence, c),
            RecordView::Tombstone { namespace, id, .. } => {
                self.ids.tombstone(place, met.sequence, chunk_key(check.shared.seed, namespace, id));
                None
            }
            RecordView::Purge { key, .. } => {
                self.ids.tombstone(place, met.sequence, *key);
                None
            }
            RecordView::Vector(v) => {
                let mut values = Vec::new();
                v.read_into(&mut values);
                let norm = values.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
                self.ids.vector(place, v.chunk);
                (!(0.99..=1.01).contains(&norm)).then(|| format!("a vector has the length {norm}, and all are unit vectors"))
            }
            RecordView::Usage(_) => None,
        }
    }
}
