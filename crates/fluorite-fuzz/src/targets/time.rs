//! ISO 8601.

use fluorite_memory::time::{format_iso, parse_iso};

/// Promise: a moment that is read is written so that it reads the same.
pub fn run(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(moment) = parse_iso(text)
    {
        assert_eq!(parse_iso(&format_iso(moment)), Some(moment), "{text:?}");
    }
    if let Some(bytes) = data.first_chunk::<8>() {
        let moment = i64::from_le_bytes(*bytes);
        let read = parse_iso(&format_iso(moment)).expect("what format_iso writes");
        assert!(read == moment || !(-62_167_219_200_000..=253_402_300_799_999).contains(&moment), "{moment}");
    }
}
