//! Which frameworks are used together: learned from stacks, imports and dependency files.
//!
//! Owns: names and their spellings (`names`, `names.json`), what one text uses (`uses`), sets that occur together (`together`). Must
//! not know: stores, spike folders. In: texts and lists. Out: canonical names, sets with support, confidence and lift.
//!
//! Source: frequent item sets, level by level (Agrawal and Srikant, VLDB 1994).

mod names;
mod together;
mod uses;

pub(crate) use names::canonical;
pub(crate) use together::{Baskets, combinations};
pub use together::{Combination, FrameworkRelationship};
pub(crate) use uses::{of_template, of_text};
