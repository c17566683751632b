//! Which rows hold a query's words, and how well.
//!
//! Owns: the tokenizer chain (`tokens`, with `stem`, `stop` and `script`), the in-memory inverted lists (`head`), sealed
//! segments (`segment`, `slot`), both as one index (`layered`, `query`), the BM25 formula (`bm25`). Must not know: filters,
//! which rows are live (the caller says), how scores are fused, when segments are made.
//! In: text with a field, queries. Out: rows with raw BM25 scores, best first, the same whatever is sealed.

mod bm25;
mod field;
mod head;
mod layered;
mod posting;
mod query;
mod script;
pub(crate) mod segment;
mod slot;
mod stem;
mod stop;
mod terms;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_layered;
mod tokens;
mod window;

pub use bm25::to_unit;
pub use field::Field;
pub use layered::{Retired, TextIndex, TextInfo};
pub use query::TextQuery;
pub use segment::TextSegment;
pub use stem::stemmed;
pub use stop::is_stop_word;
pub use terms::{Alternatives, Digest, QueryTerms};
pub use tokens::{MAX_TERM_BYTES, for_each_term};
