//! Walking a segment from front to back.

use super::group::{GROUP_HEADER, read_body, read_head};
use super::{Location, RecordView, SEGMENT_HEADER, Segment, decode_record};
use crate::error::Result;

/// A record met on the walk.
#[derive(Debug)]
pub struct ScannedRecord<'a> {
    /// Where it lies.
    pub location: Location,
    /// Its sequence number.
    pub sequence: u64,
    /// What it says.
    pub view: RecordView<'a>,
}

/// What a walk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// End of the last whole group.
    pub end: u64,
    /// Offset that was durable, as the groups say (what lies before `from` counts as durable).
    pub synced: u64,
    /// Records visited.
    pub records: u64,
    /// Damage at `end` that a later group proves to be below a durable position.
    pub damaged: bool,
    /// Offset of the last whole group, if there was one.
    pub last: Option<u64>,
}

/// Visits every record of the segment's bytes, from group boundary `from` on. A group is visited whole or not at all.
pub fn scan_segment(
    segment: &Segment,
    bytes: &[u8],
    from: u64,
    visit: impl FnMut(ScannedRecord<'_>) -> Result<()>,
) -> Result<Scan> {
    let from = (from as usize).max(SEGMENT_HEADER);
    scan_tail(segment, bytes.get(from..).unwrap_or_default(), from as u64, visit)
}

/// As [`scan_segment`], of the bytes from group boundary `base` on alone.
pub fn scan_tail(
    segment: &Segment,
    bytes: &[u8],
    base: u64,
    mut visit: impl FnMut(ScannedRecord<'_>) -> Result<()>,
) -> Result<Scan> {
    let salt = segment.salt();
    let mut offset = 0;
    let mut scan = Scan { end: base, synced: base, records: 0, damaged: false, last: None };
    let mut scratch = Vec::new();
    while offset < bytes.len() {
        let found = read_head(bytes, base, offset, salt).and_then(|h| Some((h, read_body(bytes, offset, &h, salt)?)));
        let Some((head, body)) = found else {
            return Ok(Scan { damaged: proven_durable(bytes, base, offset, salt), ..scan });
        };
        let mut at = 0;
        for _ in 0..head.records {
            // the body's checksum held, so a record that does not decode was written wrong: damage all the same
            let place = base + (offset + GROUP_HEADER + at) as u64;
            let (sequence, view, length) =
                decode_record(&body[at..], segment.frame(), &mut scratch).map_err(|what| segment.corrupt(place, what))?;
            let location = Location { segment: segment.number(), offset: place as u32, length: length as u32 };
            visit(ScannedRecord { location, sequence, view })?;
            at += length;
        }
        scan.records += u64::from(head.records);
        scan.synced = scan.synced.max(head.synced_upto.min(base + offset as u64));
        scan.last = Some(base + offset as u64);
        offset += GROUP_HEADER + head.body_len;
        scan.end = base + offset as u64;
    }
    Ok(scan)
}

/// Does any whole group behind `damage` say that `damage` was durable?
fn proven_durable(bytes: &[u8], base: u64, damage: usize, salt: u32) -> bool {
    let mut from = damage + 1;
    while let Some(found) = bytes.get(from..).and_then(|rest| rest.windows(4).position(|w| w == b"FGRP")) {
        let at = from + found;
        if let Some(head) = read_head(bytes, base, at, salt)
            && head.synced_upto > base + damage as u64
            && read_body(bytes, at, &head, salt).is_some()
        {
            return true;
        }
        from = at + 1;
    }
    false
}
