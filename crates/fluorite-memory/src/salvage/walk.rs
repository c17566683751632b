//! Walking a segment that may be damaged anywhere: after each hole on to the next record or group that proves itself.

use crate::cancel::CancelToken;
use crate::error::Result;
use crate::log::{Frame, GROUP_HEADER, RecordView, SEGMENT_HEADER, decode_record, read_body, read_head};
use crate::mutants::mutant;

/// Bytes of a record before its body.
const FIXED: usize = 18;
/// Bytes whose checksum is computed to find records in a damaged stretch: so many times its length, and this much more.
const TRIES: usize = 16;
const MORE_TRIES: usize = 1 << 20;
/// Bytes between two looks at the cancel flag.
const LOOK: usize = 1 << 16;

/// A stretch of which nothing can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    pub offset: usize,
    pub length: usize,
    /// Records of the group around it that were not found, where its header says how many there were. Told with its first hole.
    pub records: Option<u64>,
}

/// A record met on the walk.
pub struct Met<'a> {
    pub offset: usize,
    pub length: usize,
    pub sequence: u64,
    pub view: RecordView<'a>,
    /// The group around it is damaged.
    pub alone: bool,
}

/// Visits every record whose checksum holds, each once, in order of its offset; returns the holes.
pub fn walk(
    bytes: &[u8],
    frame: &Frame,
    cancel: &CancelToken,
    visit: &mut dyn FnMut(Met<'_>) -> Result<()>,
) -> Result<Vec<Hole>> {
    let (salt, mut scratch) = (frame.salt(), Vec::new());
    let mut holes = Vec::new();
    let mut at = SEGMENT_HEADER.min(bytes.len());
    while at < bytes.len() {
        cancel.check()?;
        let head = read_head(bytes, 0, at, salt);
        let whole = head.and_then(|head| Some((head, read_body(bytes, at, &head, salt)?)));
        if let Some((head, body)) = whole {
            let start = at + GROUP_HEADER;
            let missing = group(body, start, head.records, (frame, &mut scratch), visit)?;
            if let Some(hole) = missing {
                holes.push(hole); // its checksum holds: it was written wrong
            }
            at = start + body.len();
            continue;
        }
        // a header that holds says where the next group is; else the next that proves itself does
        let end = match head {
            Some(head) => (at + GROUP_HEADER).saturating_add(head.body_len).min(bytes.len()),
            None => next_group(bytes, at + 1, salt, cancel)?,
        };
        let from = if head.is_some() { at + GROUP_HEADER } else { at };
        let before = holes.len();
        let found = stretch(bytes, from, end, (frame, &mut scratch), cancel, &mut holes, visit)?;
        if let (Some(head), Some(hole)) = (head, holes.get_mut(before)) {
            hole.records = Some(u64::from(head.records).saturating_sub(found));
        } else if let Some(head) = head {
            let records = u64::from(head.records).saturating_sub(found);
            if records > 0 || end == bytes.len() {
                holes.push(Hole { offset: end, length: 0, records: Some(records) }); // cut off
            }
        }
        at = end;
    }
    Ok(holes)
}

/// The records of a whole group; the rest of it where one does not decode.
fn group(
    body: &[u8],
    start: usize,
    records: u32,
    (frame, scratch): (&Frame, &mut Vec<u8>),
    visit: &mut dyn FnMut(Met<'_>) -> Result<()>,
) -> Result<Option<Hole>> {
    let mut at = 0;
    for done in 0..records {
        let rest = body.get(at..).unwrap_or_default();
        let Ok((sequence, view, length)) = decode_record(rest, frame, scratch) else {
            let records = Some(u64::from(records - done));
            return Ok(Some(Hole { offset: start + at, length: body.len() - at, records }));
        };
        visit(Met { offset: start + at, length, sequence, view, alone: false })?;
        at += length;
    }
    Ok(None)
}

/// Where the next group whose header holds begins, or the end. Chunks cannot imitate one: they do not know the salt.
fn next_group(bytes: &[u8], from: usize, salt: u32, cancel: &CancelToken) -> Result<usize> {
    let mut at = from;
    while at < bytes.len() {
        cancel.check()?;
        let part = bytes.get(at..(at + LOOK + 3).min(bytes.len())).unwrap_or_default();
        let marks = part.windows(4).enumerate().filter(|(_, w)| *w == b"FGRP");
        if let Some((found, _)) = marks.into_iter().find(|(i, _)| read_head(bytes, 0, at + i, salt).is_some()) {
            return Ok(at + found);
        }
        at += LOOK;
    }
    Ok(bytes.len())
}

/// Records between `from` and `end`, by trying every offset; what lies between them becomes holes. Returns how many were found.
fn stretch(
    bytes: &[u8],
    from: usize,
    end: usize,
    (frame, scratch): (&Frame, &mut Vec<u8>),
    cancel: &CancelToken,
    holes: &mut Vec<Hole>,
    visit: &mut dyn FnMut(Met<'_>) -> Result<()>,
) -> Result<u64> {
    let mut left = (end - from).saturating_mul(TRIES) + MORE_TRIES;
    let (mut at, mut hole_at, mut found) = (from, from, 0);
    while at < end {
        if at % LOOK == 0 {
            cancel.check()?;
        }
        let zone = bytes.get(at..end).unwrap_or_default();
        let Some(length) = plausible(zone).filter(|length| *length <= left) else {
            at += 1;
            continue;
        };
        left -= length;
        match decode_record(zone, frame, scratch) {
            Ok((sequence, view, length)) => {
                if at > hole_at {
                    holes.push(Hole { offset: hole_at, length: at - hole_at, records: None });
                    if mutant!("salvage_skips_behind_damage") {
                        (at, hole_at) = (at + length, at);
                        continue;
                    }
                }
                visit(Met { offset: at, length, sequence, view, alone: true })?;
                found += 1;
                at += length;
                hole_at = at;
            }
            Err(_) => at += 1,
        }
    }
    if end > hole_at {
        holes.push(Hole { offset: hole_at, length: end - hole_at, records: None });
    }
    Ok(found)
}

/// The length of what may be a record, before its checksum is computed.
fn plausible(zone: &[u8]) -> Option<usize> {
    let head = zone.get(..FIXED)?;
    if !(1..=5).contains(head.get(8)?) || *head.get(9)? > 1 {
        return None;
    }
    let length = u32::from_le_bytes(head.get(4..8)?.try_into().ok()?) as usize;
    (FIXED..=zone.len()).contains(&length).then_some(length)
}
