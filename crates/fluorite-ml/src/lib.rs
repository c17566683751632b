//! Text to tokens to vectors, and vector arithmetic.
//!
//! Owns: the model's folder layout, the tokenizer, ONNX inference, pooling, the embedding cache, SIMD kernels.
//! Must not know: storage, chunks, Node. In: text. Out: unit vectors (`f32`), token counts.
//!
//! The usual road: [`ModelDir::find`] locates a model, [`Runtime::get`] the ONNX Runtime library, [`Onnx::load`] joins
//! them to an [`Embedder`], and [`EmbeddingCache`] stands in front of it. [`Tokenizer`] works alone. [`vector`] needs
//! none of them.

// Tests may stop at the first surprise: a panic is how a test reports.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod cache;
mod embedder;
mod error;
mod external_data;
mod library;
mod model_config;
mod model_dir;
mod model_file;
mod onnx;
mod pooling;
mod runtime;
mod session_pool;
mod tokenizer;
pub mod vector;

pub use cache::{CacheStats, CachedEmbedding, EmbeddingCache};
pub use embedder::{Embedder, Embedding, Taker};
pub use error::{Error, Result};
pub use model_dir::{ModelDir, ModelFolder};
pub use onnx::Onnx;
pub use pooling::Pooling;
pub use runtime::Runtime;
pub use tokenizer::{Tokenizer, Tokens};
