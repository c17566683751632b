//! One spike template: its shape, its reader and its chunk.
//!
//! Useful for: bytes of one file in, a template (or the place and reason it cannot be read) out. Not useful for:
//! folders and stores, that is `learn`. The reader is strict first; only what is not JSON goes to the repairer.

mod chunk;
mod edits;
mod language;
mod lenient;
mod placeholder;
mod read;
mod template;

pub(crate) use chunk::LAYOUT;
pub use lenient::repair_json;
pub(crate) use placeholder::{Part, parts};
pub use read::{MAX_SPIKE_BYTES, Reading, Unreadable, read_spike};
pub use template::{SpikeFile, SpikeParam, SpikeTemplate};
