//! Sealed text: immutable files of terms, postings and exact lengths, mapped and read in place.
//!
//! Owns: the file (`file`), tantivy (`make` builds and joins with it, `packed` is the folder it reads, `mapped` what is read).
//! tantivy is a term dictionary and compressed postings here: scores are ours (`slot`), from exact lengths and live statistics.
//! Must not know: rows, which documents live, the log. In: texts with sequence numbers. Out: postings by term.

mod file;
mod make;
mod mapped;
mod packed;

pub(crate) use make::{MadeText, TextBuilder, join};
pub use mapped::TextSegment;
