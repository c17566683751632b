//! Chunks as JSON lines, both ways.
//!
//! Owns: what a line says (`encode`, `decode`), drawn in `docs/care.md`. Must not know: the store, files, which lines are new.
//! In: records with their vectors; lines. Out: lines; chunks with their past.

mod decode;
mod encode;
mod past;

pub use decode::{Line, read_line};
pub use encode::{LineVector, write_line};
pub use past::{Past, Restored};
