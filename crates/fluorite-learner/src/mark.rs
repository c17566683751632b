//! The byte order mark some editors put before a text.

/// U+FEFF, three bytes of UTF-8.
const MARK: char = '\u{feff}';

/// The text behind its byte order mark, which is no part of it: headings, keys and braces begin behind it.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix(MARK).unwrap_or(text)
}
