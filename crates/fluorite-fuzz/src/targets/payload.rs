//! The payload of a chunk record, and its compression.

use fluorite_memory::log::{Codec, decode_payload, encode_payload};

/// Promise: an accepted payload says the same after encoding; a frame gives back its bytes, and any bytes as a frame no more
/// than were asked for.
pub fn run(data: &[u8]) {
    if let Some((attributes, content)) = decode_payload(data) {
        let mut once = Vec::new();
        encode_payload(&mut once, &attributes, content);
        let (again, rest) = decode_payload(&once).expect("a payload that was just encoded");
        assert_eq!(rest, content, "the content changes");
        let mut twice = Vec::new();
        encode_payload(&mut twice, &again, rest);
        assert_eq!(once, twice, "a payload changes when it is written again");
    }
    let codec = Codec::default();
    if let Some(frame) = codec.compress(data, 0, 1).expect("compression") {
        assert!(codec.decompress(&frame, 0, data.len()).is_ok_and(|d| d == data), "a frame loses bytes");
    }
    let most = data.first().map_or(0, |b| 1 << (b % 21));
    if let Ok(out) = codec.decompress(data, 0, most) {
        assert_eq!(out.len(), most);
    }
}
