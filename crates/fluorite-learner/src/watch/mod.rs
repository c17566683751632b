//! Learning as files change.
//!
//! Owns: being told of changes (`eyes`, crate `notify`) or looking for them (`poll`), gathering bursts, deciding what is learned again (`run`). Must not know: how anything
//! is learned; a change is only a reason to look, and the runs of `learn` and `files` find out what it was. In: folders. Out: progress.

mod eyes;
mod options;
mod poll;
mod run;
mod target;

pub use options::WatchOptions;
pub use run::{WatchFailure, WatchFn, WatchProgress, WatchReport, watch};
