//! Text to tokens to vectors, and vector arithmetic.
//!
//! Owns: the model's folder layout, the tokenizer, ONNX inference, pooling, the embedding cache, SIMD kernels.
//! Must not know: storage, chunks, Node. In: text. Out: unit vectors (`f32`), token counts.

mod error;
pub use error::{Error, Result};
