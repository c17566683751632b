//! Groups: the unit of atomicity.

use super::varint::Reader;
use crate::mutants::mutant;

/// Bytes of a group header.
pub const GROUP_HEADER: usize = 48;
const MAGIC: &[u8; 4] = b"FGRP";

/// A group header whose checksum holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupHead {
    /// Length of the body.
    pub body_len: usize,
    /// Records in it.
    pub records: u32,
    /// Durable offset when written.
    pub synced_upto: u64,
    /// crc of the body.
    pub body_crc: u32,
}

/// Collects the records of one group behind a header that is filled in last.
#[derive(Debug)]
pub struct GroupBuilder {
    start: usize,
    records: u32,
    first_sequence: u64,
}

impl GroupBuilder {
    /// Leaves room for the header at the end of `out`.
    pub fn begin(out: &mut Vec<u8>, first_sequence: u64) -> Self {
        let start = out.len();
        out.resize(start + GROUP_HEADER, 0);
        Self { start, records: 0, first_sequence }
    }

    /// Counts a record that was appended to `out`.
    pub fn count(&mut self) {
        self.records += 1;
    }

    /// True before the first record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Fills in the header; `base` is the segment offset at which `out` will be written.
    pub fn finish(self, out: &mut [u8], salt: u32, base: u64, synced_upto: u64) {
        let (head, body) = out[self.start..].split_at_mut(GROUP_HEADER);
        head[..4].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&(body.len() as u32).to_le_bytes()); // batches are bounded to 1 GiB
        head[12..16].copy_from_slice(&self.records.to_le_bytes());
        head[16..24].copy_from_slice(&(base + self.start as u64).to_le_bytes());
        head[24..32].copy_from_slice(&synced_upto.to_le_bytes());
        head[32..40].copy_from_slice(&self.first_sequence.to_le_bytes());
        head[40..44].copy_from_slice(&crc32c::crc32c_append(salt, body).to_le_bytes());
        let crc = crc32c::crc32c_append(salt, &head[8..]);
        head[4..8].copy_from_slice(&crc.to_le_bytes());
    }
}

/// The header at `offset` of the bytes, which are those of the segment from `base` on, when it is one and belongs there.
pub fn read_head(bytes: &[u8], base: u64, offset: usize, salt: u32) -> Option<GroupHead> {
    let head = bytes.get(offset..offset + GROUP_HEADER)?;
    if &head[..4] != MAGIC {
        return None;
    }
    let mut r = Reader(&head[4..]);
    let crc = r.u32()?;
    if crc32c::crc32c_append(salt, &head[8..]) != crc {
        return None;
    }
    let (body_len, records, position, synced_upto, _first) = (r.u32()?, r.u32()?, r.u64()?, r.u64()?, r.u64()?);
    (position == base + offset as u64).then_some(GroupHead {
        body_len: body_len as usize,
        records,
        synced_upto,
        body_crc: r.u32()?,
    })
}

/// The body of a group whose checksum holds.
pub fn read_body<'a>(segment: &'a [u8], offset: usize, head: &GroupHead, salt: u32) -> Option<&'a [u8]> {
    let start = offset + GROUP_HEADER;
    let body = segment.get(start..start.checked_add(head.body_len)?)?;
    (crc32c::crc32c_append(salt, body) == head.body_crc || mutant!("torn_tail_accepted")).then_some(body)
}
