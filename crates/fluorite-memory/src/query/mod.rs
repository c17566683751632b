//! What a query says before any index is asked.
//!
//! Owns: the lexicon of software terms (`lexicon`, with its `table`s), other English words for a word (`thesaurus`), which stretches of a text may be a term (`reader`, with the
//! classes of characters in `script`, their widths in `fold` and the words that say nothing in `common`), which text asks for nothing (`blank`). Must not know: chunks, scores, of
//! indexes more than how they stem.
//! In: the query as its writer typed it. Out: the same query in English, for indexes and models that only know English.

mod blank;
mod common;
mod fold;
mod lexicon;
#[cfg(test)]
mod lexicon_tests;
mod reader;
mod script;
mod table;
mod text;
mod thesaurus;
#[cfg(test)]
mod thesaurus_tests;

pub(crate) use blank::is_blank;
pub use lexicon::{Expansion, Lexicon};
pub(crate) use script::is_cjk;
