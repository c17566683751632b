//! Feeds mutated bytes to everything that reads bytes, on the stable toolchain.
//!
//! Owns: a function per target (`targets`), which panics only when a promise is broken, the mutations and the driver. Knows
//! the public API of the crates and the envelopes of the files. Must not know: how the engine works inside.
//! In: a target, how often or how long, a seed. Out: a [`Report`], and the input of a failure. The tests of this crate replay
//! `corpus/` and run a fixed number of mutations; `just fuzz <target>` runs any other number (docs/fuzzing.md).

pub mod corpus;
mod driver;
mod mutate;
mod rng;
pub mod targets;

pub use driver::{Options, Report, fails, run};
pub use mutate::mutate;
pub use rng::Rng;
pub use targets::{TARGETS, Target};
