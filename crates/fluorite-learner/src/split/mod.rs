//! Where a text that is too long for one chunk is cut (`memory.auto_split`).
//!
//! Owns: the pieces of a text, one behind the other to the byte, with lines, symbols, scope, headings and what the text is about,
//! as `files` gives them to the pieces of a file. Must not know: which texts are too long, what pieces are called, how they are
//! stored and found again (all `fluorite_memory`), how code is parsed (`fluorite_chunking`). In: a text. Out: ranges and metadata.

mod bytes;
mod structure;

pub use structure::StructureSplitter;
