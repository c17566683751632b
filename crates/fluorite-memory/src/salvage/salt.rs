//! The salt of a segment's checksums, also when its header is damaged.

use crate::log::{GROUP_HEADER, SEGMENT_HEADER, encode_header, read_head};

/// CRC-32C, reflected.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// The store id of an undamaged header.
pub fn store_id_of(header: &[u8]) -> Option<u128> {
    let header = header.get(..SEGMENT_HEADER)?;
    let id = u128::from_le_bytes(header.get(24..40)?.try_into().ok()?);
    let number = u32::try_from(u64::from_le_bytes(header.get(16..24)?.try_into().ok()?)).ok()?;
    (encode_header(number, id).0[..] == *header).then_some(id)
}

/// The salt of segment `number`. It follows from the store's id; without that, from what is left of the header; without that,
/// from the first group that can be whole: a checksum and what it is of determine what it was started with.
pub fn salt_of(bytes: &[u8], number: u32, store_id: Option<u128>) -> Option<u32> {
    if let Some(id) = store_id.or_else(|| store_id_of(bytes)) {
        return Some(encode_header(number, id).1);
    }
    let word = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let raw_id = bytes.get(24..40).and_then(|b| b.try_into().ok()).map(|b| encode_header(number, u128::from_le_bytes(b)).1);
    let mut marks = marks(bytes);
    let left =
        [word(12), raw_id].into_iter().flatten().find(|salt| marks.clone().any(|at| read_head(bytes, 0, at, *salt).is_some()));
    left.or_else(|| {
        marks.find_map(|at| {
            let head = bytes.get(at..at + GROUP_HEADER)?;
            let salt = started_with(word(at + 4)?, head.get(8..)?);
            // a header alone would fit any salt: its body says that this one is true
            let found = read_head(bytes, 0, at, salt)?;
            crate::log::read_body(bytes, at, &found, salt).filter(|body| !body.is_empty()).map(|_| salt)
        })
    })
}

/// Offsets of what looks like a group.
pub fn marks(bytes: &[u8]) -> impl Iterator<Item = usize> + Clone + '_ {
    let starts = bytes.windows(4).enumerate().skip(SEGMENT_HEADER);
    starts.filter(|(_, w)| *w == b"FGRP").map(|(at, _)| at)
}

/// The value a checksum was started with.
fn started_with(crc: u32, bytes: &[u8]) -> u32 {
    let mut state = !crc;
    for byte in bytes.iter().rev() {
        for _ in 0..8 {
            state = if state >> 31 == 1 { ((state ^ POLYNOMIAL) << 1) | 1 } else { state << 1 };
        }
        state ^= u32::from(*byte);
    }
    !state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_run_backwards() {
        for (salt, bytes) in [(0, &b""[..]), (7, b"a"), (0xdead_beef, b"some bytes of a group's header")] {
            assert_eq!(started_with(crc32c::crc32c_append(salt, bytes), bytes), salt);
        }
    }
}
