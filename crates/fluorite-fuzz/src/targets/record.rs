//! The record decoder: bytes as they are, then the same bytes with length and checksum put right, so that bodies are reached.

use fluorite_memory::log::{
    Frame, RecordView, decode_record, decode_trusted, encode_chunk, encode_purge, encode_tombstone, encode_usage, encode_vector,
};

const SALT: u32 = 9;
const FIXED: usize = 18;
const FRAME: Frame = Frame::plain(SALT);

/// First byte: which bit of an accepted record is flipped. Promise: an accepted record has its checksum, says the same after
/// encoding, and is refused with any bit flipped or its end cut off.
pub fn run(data: &[u8]) {
    let Some((&flip, body)) = data.split_first() else { return };
    if let Ok((_, _, length)) = decode_record(body, &FRAME, &mut Vec::new()) {
        assert_eq!(body[..4], crc32c::crc32c_append(SALT, &body[4..length]).to_le_bytes(), "a wrong checksum was accepted");
    }
    let _ = decode_trusted(body, &FRAME, &mut Vec::new()); // refuses or not: its caller compared the checksum
    let mut right = body.to_vec();
    if right.len() < FIXED {
        return;
    }
    let length = right.len() as u32;
    right[4..8].copy_from_slice(&length.to_le_bytes());
    let crc = crc32c::crc32c_append(SALT, &right[4..]);
    right[..4].copy_from_slice(&crc.to_le_bytes());
    let (mut one, mut two) = Default::default();
    let Ok((sequence, view, length)) = decode_record(&right, &FRAME, &mut one) else { return };
    assert!(
        length == right.len() && view == decode_trusted(&right, &FRAME, &mut two).expect("trusted").1,
        "two readings of one record"
    );
    let again = encoded(sequence, &view);
    assert_eq!(
        decode_record(&again, &FRAME, &mut Vec::new()),
        Ok((sequence, view, again.len())),
        "a record changes when it is written again"
    );
    assert!(decode_record(&right[..length - 1], &FRAME, &mut Vec::new()).is_err(), "a record without its last byte was accepted");
    let bit = usize::from(flip) * 7 % (length * 8);
    right[bit / 8] ^= 1 << (bit % 8);
    assert!(decode_record(&right, &FRAME, &mut Vec::new()).is_err(), "bit {bit} was flipped and nobody noticed");
}

fn encoded(sequence: u64, view: &RecordView<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    match view {
        RecordView::Chunk(c) => encode_chunk(&mut out, &FRAME, sequence, c),
        RecordView::Vector(v) => {
            let mut values = Vec::new();
            v.read_into(&mut values);
            encode_vector(&mut out, &FRAME, sequence, v.chunk, v.model, v.truncated, &values)
        }
        RecordView::Tombstone { deleted_at, namespace, id } => {
            encode_tombstone(&mut out, &FRAME, sequence, *deleted_at, namespace, id)
        }
        RecordView::Usage(entries) => encode_usage(&mut out, &FRAME, sequence, entries),
        RecordView::Purge { deleted_at, key } => encode_purge(&mut out, &FRAME, sequence, *deleted_at, *key),
    };
    out
}
