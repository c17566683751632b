//! Packing chunks into a budget of tokens.
//!
//! Owns: which of the chunks found go into a context (`pack`), what of them others hold already (`overlap`), how one is written
//! (`block`). Must not know: how they were found, the engine, where they are stored. In: chunks, best first, and a way to count
//! tokens. Out: the text and what it holds. The same chunks give the same bytes.

mod block;
mod cut;
mod overlap;
mod pack;
mod room;
#[cfg(test)]
mod tests;

pub use block::{Block, Lines};
pub use pack::{Candidate, Packer};
pub use room::measure;
