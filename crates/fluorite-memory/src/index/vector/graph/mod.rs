//! Frozen graphs: HNSW's lowest level as flat arrays, in one mapped file.
//!
//! Owns: building (`build`: hnsw_rs; `join`: several graphs into one), freezing (`freeze`), the file (`file`, `mapped`), walks
//! (`walk`), how wide they must be (`calibrate`), rows with equal codes (`twins`). Must not know: rows, what is live, when to build. In: codes and sequence
//! numbers. Out: nodes with their (about) cosine.

mod build;
mod calibrate;
mod codes;
mod file;
mod freeze;
mod held;
mod join;
mod make;
mod mapped;
mod pool;
mod scratch;
mod table;
#[cfg(test)]
pub(super) mod tests;
#[cfg(test)]
mod tests_twins;
mod twins;
mod walk;

pub(super) use codes::Code;
pub(crate) use codes::Codes;
pub(crate) use make::{Made, Source, make};
pub use mapped::Graph;
