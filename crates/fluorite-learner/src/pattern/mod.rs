//! Families of templates that differ in names alone, and one reusable pattern of each.
//!
//! Useful for: normalised texts in, families out (`family`), the members of one in, a pattern with placeholders out (`extract`). Not
//! useful for: near-duplicates by meaning. Must not know: files, stores.
//!
//! Sources: MinHash (Broder 1997) with one permutation and densification (Shrivastava, ICML 2017), locality-sensitive hashing by bands.

mod extract;
mod family;
mod sketch;
mod tokens;

pub(crate) use extract::{Member, extract};
pub use extract::{Pattern, PatternParam};
pub(crate) use family::{Families, families};
pub(crate) use sketch::Sketch;
pub(crate) use tokens::normal_tokens;
