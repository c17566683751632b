//! What is readable of a damaged store, into a fresh one.
//!
//! Owns: reading files that may be damaged anywhere (`source`, `salt`, `walk`), which version of each chunk counts (`table`),
//! the new store (`target`). Trusts nothing but checksums: no length, count or offset of the source decides an allocation or a
//! loop. Never writes into the source. Must not know: indexes, the engine; the new store's are built at its first open.
//! In: two folders. Out: a store, and a report of what it lacks.

mod copy;
mod read;
mod report;
mod run;
mod salt;
mod source;
mod table;
mod target;
mod vectors;
mod walk;

pub use report::{SalvageReport, SteppedBack};
pub use run::{SalvageOptions, salvage, salvage_on};
pub(crate) use walk::{Hole, Met, walk};
