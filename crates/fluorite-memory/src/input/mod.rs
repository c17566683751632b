//! Untyped input (JavaScript objects, TOML) on its way to typed options.
//!
//! Owns: the tree `Value`, the one normaliser of key spelling (camelCase to snake_case, both at once refused),
//! and the rejection of unknown keys with a suggestion. Must not know: where the tree came from, or what the options mean.
//! In: `Value`. Out: any `Deserialize` type, or a message naming the key.

mod de;
pub mod floats;
mod keys;
mod value;

pub use de::from_value;
pub use keys::{nearest, snake_case};
pub use value::Value;
