//! Which rows match a `SearchFilter`.
//!
//! Owns: postings per namespace, framework, tag, type, language, source and metadata member (one table, keyed by hash),
//! quality and creation time by row. Must not know: text, vectors, which rows are live (the caller says).
//! In: a row's attributes, or bytes saved earlier (`saved`). Out: a `Selection` of live rows.

mod condition;
mod index;
mod key;
mod posting;
mod saved;
#[cfg(test)]
mod tests;

pub use condition::is_empty_filter;
pub use index::{FilterIndex, Selection};
