//! Tries to make a store lose, invent or bring back something, and says with which seed it did.
//!
//! Owns: the ways to hurt a store (a module each) and the oracles that judge what is left. Knows the public API of the engine,
//! its simulated disk and the layout of its folder. Must not know: how the engine works inside.
//! In: how often or how long, and a seed. Out: a [`Report`] of figures and violations. The tests of this crate run the small
//! figures, `just torture <mode>` any others.

pub mod child;
#[path = "../../fluorite-memory/tests/common/mod.rs"]
#[allow(missing_docs, clippy::should_implement_trait, clippy::len_without_is_empty)] // written for tests
pub mod common;
pub mod damage;
pub mod faults;
pub mod full;
pub mod kill;
pub mod linear;
pub mod mixed;
pub mod power;
mod report;
pub mod soak;
pub mod trace;

pub use report::{Options, Report};
