//! Derived indexes over rows.
//!
//! Owns: which rows match a filter (`filter`), which rows hold a query's words (`text`), which rows' vectors are near
//! (`vector`). Knows rows (`u32`), attributes, text and vectors. Must not know: chunks, the log, files, threads.
//! In: rows with what they hold. Out: sets of rows, rows with scores. Everything here can be thrown away and rebuilt from the log.
//! Deletion is the caller's: it keeps the set of live rows and passes it to every query; freed rows are purged before reuse.

mod filter;
mod hash;
mod rows;
mod text;
mod top;
mod vector;

pub use filter::{FilterIndex, Selection, is_empty_filter};
pub use rows::RowSet;
pub(crate) use text::segment;
pub use text::{
    Alternatives, Digest, Field, MAX_TERM_BYTES, QueryTerms, Retired, TextIndex, TextInfo, TextQuery, TextSegment, for_each_term,
    is_stop_word, stemmed, to_unit,
};
pub(crate) use vector::graph;
pub use vector::{Effort, ExactScan, Graph, GraphInfo, LayeredIndex, VectorIndex, VectorSource, search_exact};
