//! Which rows hold a query's words, and how well.
//!
//! Owns: the tokenizer chain (`tokens`, with `stem`, `stop` and `script`), the in-memory inverted lists (`head`) and the
//! BM25 formula (`bm25`). Must not know: filters, which rows are live (the caller says), how scores are fused.
//! In: text with a field, queries. Out: rows with raw BM25 scores, best first.

mod bm25;
mod head;
#[cfg(test)]
mod head_tests;
mod posting;
mod script;
mod stem;
mod stop;
mod tokens;
mod window;

pub use bm25::to_unit;
pub use head::{Field, TextHead};
pub use tokens::{MAX_TERM_BYTES, for_each_term};
