//! How good a template is, 0 to 1, and why. The formula is in `docs/quality.md`.
//!
//! Useful for: one readable template in, a score with an explanation of each part out. Not useful for: deciding what is learned,
//! that is `learn`. Must not know: folders, stores. The only thing from outside the template is its uniqueness.

mod comments;
mod score;
mod syntax;

pub use score::{Part, Quality, is_generated, score};
