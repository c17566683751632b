//! JSON: read strictly, then looked through for the places of its members.

use serde::de::IgnoredAny;

use super::tree::{Builder, Entry};

/// Entries of a JSON text.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, String> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|e| format!("it is no JSON: {e}"))?;
    let bytes = text.as_bytes();
    let mut tree = Builder::new(text);
    let mut at = 0;
    // it is well-formed: brackets match and strings end
    while let Some(byte) = bytes.get(at) {
        let rest = &bytes[at..];
        match byte {
            b'{' | b'[' => tree.open(*byte == b'{', at),
            b'}' | b']' => tree.close(),
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => {}
            b'"' => {
                let end = at + string_end(rest);
                let value: String = serde_json::from_str(&text[at..end]).unwrap_or_default();
                tree.scalar(&value, at);
                at = end - 1;
            }
            _ => {
                let end = at
                    + rest
                        .iter()
                        .position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'))
                        .unwrap_or(rest.len());
                tree.scalar(&text[at..end], at);
                at = end - 1;
            }
        }
        at += 1;
    }
    Ok(tree.entries())
}

/// Bytes of a string with its quotes.
fn string_end(bytes: &[u8]) -> usize {
    let mut escaped = true; // the quote it begins with
    for (i, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return i + 1,
            _ => {}
        }
    }
    bytes.len()
}
