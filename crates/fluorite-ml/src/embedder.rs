//! What turns text into vectors.

use crate::Result;

/// The vector of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// A unit vector of [`Embedder::dimensions`] values.
    pub values: Vec<f32>,
    /// Tokens of the whole text, special tokens included, before cutting.
    pub tokens: usize,
    /// Whether the text was longer than [`Embedder::max_tokens`], so that its end is not in the vector.
    pub truncated: bool,
}

/// Turns text into unit vectors. Implementations may be called from many threads at once, and give the same text the
/// same vector, bit for bit, on the same machine.
pub trait Embedder: Send + Sync {
    /// The model's name, `@`, and the first 16 hexadecimal digits of the SHA-256 of its file. Vectors of different ids
    /// must never be compared.
    fn model_id(&self) -> &str;

    /// Values per vector.
    fn dimensions(&self) -> usize;

    /// Tokens that reach the vector, special tokens included; what is beyond is cut.
    fn max_tokens(&self) -> usize;

    /// Embeds one text as it is: no splitting, no case folding by the caller. Empty text is allowed.
    ///
    /// # Errors
    /// `EMBEDDING_FAILED` when inference fails or gives no direction (all zeros, or not finite).
    fn embed(&self, text: &str) -> Result<Embedding>;

    /// Counts the text's tokens, special tokens included, without cutting.
    ///
    /// # Errors
    /// `EMBEDDING_FAILED` when the tokenizer refuses the text.
    fn count_tokens(&self, text: &str) -> Result<usize>;
}
